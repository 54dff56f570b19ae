using System.Security.Cryptography;
using System.Text.Json;
using ProviderEmulators.Faults;
using ProviderEmulators.Http;
using ProviderEmulators.Smtp;

namespace ProviderEmulators.SendGrid;

/// <summary>SendGrid's <c>/v3/mail/send</c> and its submission server, as strict as the contract.</summary>
public sealed class SendGridEmulator : EmulatedProvider
{
    public const string ApiKey = "SG.emulated-key";
    private const int MaxBody = 31_457_280;

    private EmulatedApi? api;
    private SmtpEmulator? smtp;

    private SendGridEmulator() { }

    public override string Name => "sendgrid";

    public override IReadOnlyDictionary<string, Fault> Scenarios => SendGridScenarios.All;

    public static async Task<SendGridEmulator> StartAsync(EmulatorPorts ports)
    {
        var made = new SendGridEmulator();
        made.api = await EmulatedApi.StartAsync(ports, made.Faults, made.Answer);
        made.Api = made.api.Address;
        made.smtp = new SmtpEmulator(ports, made.Faults, SendGridSubmission.Rules(made));
        made.SmtpPort = made.smtp.Port;
        return made;
    }

    public override async ValueTask DisposeAsync()
    {
        await api!.DisposeAsync();
        await smtp!.DisposeAsync();
    }

    /// <summary>22 characters of base64url.</summary>
    internal static string NewId() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    internal static ApiAnswer Error(int status, string message, string? field = null) =>
        new(
            status,
            JsonSerializer.Serialize(
                new
                {
                    errors = new[]
                    {
                        new
                        {
                            message,
                            field,
                            help = (string?)null,
                        },
                    },
                }
            )
        );

    private ApiAnswer Answer(ApiRequest request)
    {
        if (request.Path == "/v3/messages" && request.Method == "GET")
        {
            return IsLoggedIn(request) ? SendGridActivityList.Answer(Store, request) : Unauthorized;
        }

        if (request.Path == "/v3/scopes" && request.Method == "GET")
        {
            return IsLoggedIn(request) ? new ApiAnswer(200, """{"scopes":["mail.send"]}""") : Unauthorized;
        }

        if (request.Path != "/v3/mail/send")
        {
            return Error(404, "not found");
        }

        if (request.Method != "POST")
        {
            return Error(405, "method not allowed");
        }

        if (!IsLoggedIn(request))
        {
            return Unauthorized;
        }

        if (request.Header("Accept") is null)
        {
            return Error(406, "accept header is missing");
        }

        if (request.ContentType?.Split(';')[0] != "application/json")
        {
            return Error(415, "unsupported content type");
        }

        return request.Body.Length > MaxBody ? Error(413, "payload too large") : Judge(request.Body);
    }

    private ApiAnswer Judge(byte[] body)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return Error(400, "Bad Request");
        }

        using (json)
        {
            if (SendGridRules.Check(json.RootElement) is { } problem)
            {
                return Error(400, problem.Message, problem.Field);
            }

            var from = json.RootElement.GetProperty("from").GetProperty("email").GetString()!;
            if (!IsVerified(from))
            {
                return Error(
                    403,
                    "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
                    "from"
                );
            }

            if (SendGridRules.IsSandboxed(json.RootElement))
            {
                return new ApiAnswer(200);
            }

            var id = NewId();
            var mails = SendGridMails.Of(json.RootElement, id).ToArray();
            return new ApiAnswer(202)
            {
                Headers = { ["X-Message-Id"] = id },
                Commit = () => Array.ForEach(mails, Take),
            };
        }
    }

    /// <summary>Accepted for everybody; the suppressed ones are told of later.</summary>
    internal void Take(KeptMail mail)
    {
        Store.Keep(mail);
        foreach (var recipient in mail.Recipients)
        {
            if (Store.IsSuppressed(recipient))
            {
                Store.Tell(mail, "dropped", recipient, "Bounced Address");
            }
            else
            {
                Store.Tell(mail, "processed", recipient);
            }
        }
    }

    private static ApiAnswer Unauthorized =>
        Error(401, "The provided authorization grant is invalid, expired, or revoked");

    private static bool IsLoggedIn(ApiRequest request) => request.Header("Authorization") == "Bearer " + ApiKey;
}
