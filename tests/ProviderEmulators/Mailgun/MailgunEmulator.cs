using System.Text;
using System.Text.Json;
using ProviderEmulators.Faults;
using ProviderEmulators.Http;
using ProviderEmulators.Smtp;

namespace ProviderEmulators.Mailgun;

/// <summary>Mailgun's <c>messages.mime</c>, its events, and its submission server, as strict as the contract.</summary>
public sealed class MailgunEmulator : EmulatedProvider
{
    public const string ApiKey = "key-emulated";
    public const string SmtpUser = "postmaster@mg.example.com";
    public const string SmtpSecret = "smtp-emulated";

    /// <summary>52.4 MiB.</summary>
    private const int MaxBody = 54_945_382;

    private EmulatedApi? api;
    private SmtpEmulator? smtp;

    private MailgunEmulator() { }

    public override string Name => "mailgun";

    public override IReadOnlyDictionary<string, Fault> Scenarios => MailgunScenarios.All;

    /// <summary>Domains that exist in the account and wait for their DNS records.</summary>
    public HashSet<string> UnverifiedDomains { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static async Task<MailgunEmulator> StartAsync(EmulatorPorts ports)
    {
        var made = new MailgunEmulator();
        made.api = await EmulatedApi.StartAsync(ports, made.Faults, made.Answer);
        made.Api = made.api.Address;
        made.smtp = new SmtpEmulator(ports, made.Faults, MailgunSubmission.Rules(made));
        made.SmtpPort = made.smtp.Port;
        return made;
    }

    public override async ValueTask DisposeAsync()
    {
        await api!.DisposeAsync();
        await smtp!.DisposeAsync();
    }

    internal static ApiAnswer Error(int status, string message) =>
        new(status, JsonSerializer.Serialize(new { message }));

    private ApiAnswer Answer(ApiRequest request)
    {
        if (request is { Path: "/v4/domains", Method: "GET" })
        {
            return IsLoggedIn(request) ? new ApiAnswer(200, """{"items":[],"total_count":0}""") : Forbidden;
        }

        if (
            request.Path.Split('/') is not ["", "v3", var domain, var what, .. var rest]
            || (rest.Length > 0 && what != "events")
            || domain.Contains('%', StringComparison.Ordinal)
            || domain.Length == 0
        )
        {
            return new ApiAnswer(200, "Mailgun Magnificent API", "text/html");
        }

        if (!IsLoggedIn(request))
        {
            return Forbidden;
        }

        if (UnverifiedDomains.Contains(domain))
        {
            return Error(
                400,
                $"Domain {domain} is not allowed to send: The domain is unverified and requires DNS configuration. Log in to your control panel to view required DNS records."
            );
        }

        if (!IsVerified("@" + domain))
        {
            return Error(404, $"Domain not found: {domain}");
        }

        return (request.Method, what) switch
        {
            ("POST", "messages.mime") => request.Body.Length > MaxBody
                ? Error(413, "request size exceeds 52.4MiB limit")
                : MailgunMime.Answer(this, domain, request),
            ("GET", "events") => MailgunEvents.Answer(Store, domain, request),
            (_, "messages.mime" or "events") => Error(405, "method not allowed"),
            _ => Error(404, "not found"),
        };
    }

    /// <summary>Accepted for everybody; suppressed addresses show as failed with a code that is no SMTP.</summary>
    internal void Take(KeptMail mail)
    {
        Store.Keep(mail);
        foreach (var recipient in mail.Recipients)
        {
            Store.Tell(mail, "accepted", recipient);
            if (Store.IsSuppressed(recipient))
            {
                Store.Tell(mail, "failed", recipient, "suppress-bounce");
            }
        }
    }

    private static ApiAnswer Forbidden => new(401, "Forbidden", "text/plain");

    private static bool IsLoggedIn(ApiRequest request) =>
        request.Header("Authorization") == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + ApiKey));
}
