using Gateway.Mail.Smtp;
using Gateway.Providers.Http;
using Gateway.Providers.Smtp;

namespace Gateway.Providers.Mailgun;

public enum MailgunTransport
{
    /// <summary>The raw message by <c>messages.mime</c>: it carries all that SMTP does, and tells an id.</summary>
    Api,
    Smtp,
}

/// <summary>Where the domain lives; its keys, events and suppressions live nowhere else.</summary>
public enum MailgunRegion
{
    Us,
    Eu,
}

/// <summary>A Mailgun account, under <c>Gateway:Paths:&lt;name&gt;</c> with <c>Provider=mailgun</c>.</summary>
public sealed class MailgunOptions : HttpAccountOptions, IProviderOptions
{
    /// <summary>Of the account, or a domain's own sending key.</summary>
    public string ApiKey { get; set; } = "";
    public MailgunRegion Region { get; set; }
    public MailgunTransport Transport { get; set; }

    /// <summary>
    /// The one sending domain of the path. Without it each message goes over the domain of its From, which then must be
    /// verified at Mailgun: only so no Sender field of another domain is added.
    /// </summary>
    public string? Domain { get; set; }

    /// <summary>Where <see cref="Domain"/> is not the From's: states the From's address as Sender, so that Mailgun adds none of its own.</summary>
    public bool SenderFollowsFrom { get; set; } = true;

    /// <summary>Login of the SMTP transport, such as postmaster@domain; the API key is not its password.</summary>
    public string? SmtpUser { get; set; }
    public string? SmtpSecret { get; set; }

    /// <summary>The provider's own unless given. For an emulator.</summary>
    public string? SmtpHost { get; set; }
    public int SmtpPort { get; set; } = 587;
    public SmtpTls SmtpTls { get; set; } = SmtpTls.StartTls;

    /// <summary>Our name in EHLO.</summary>
    public string HelloName { get; set; } = "localhost";

    internal SmtpTimeouts? SmtpTimeouts { get; set; }

    internal string Api =>
        BaseUrl?.TrimEnd('/')
        ?? (Region == MailgunRegion.Eu ? "https://api.eu.mailgun.net" : "https://api.mailgun.net");

    public IEnumerable<string> Problems()
    {
        if (Transport == MailgunTransport.Api && ApiKey.Length == 0)
        {
            yield return "ApiKey is empty; it must be a Mailgun API key or a domain sending key";
        }
        else if (ApiKey.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            yield return "ApiKey holds a space or a character beyond ASCII; it must be the key alone";
        }

        if (Domain is not null && !MailgunDomain.IsProper(Domain))
        {
            yield return $"Domain is '{Domain}'; it must be a domain such as mg.example.com";
        }

        foreach (var problem in HttpProblems())
        {
            yield return problem;
        }

        if (Transport == MailgunTransport.Smtp)
        {
            if (SmtpUser is null || SmtpSecret is null)
            {
                yield return "SmtpUser and SmtpSecret are needed with Transport=Smtp; one of them is missing";
            }

            foreach (var problem in ToRelay().Problems())
            {
                yield return "Smtp" + problem;
            }
        }
    }

    internal SmtpRelayOptions ToRelay() =>
        new()
        {
            Host = SmtpHost ?? (Region == MailgunRegion.Eu ? "smtp.eu.mailgun.org" : "smtp.mailgun.org"),
            Port = SmtpPort,
            Tls = SmtpTls,
            HelloName = HelloName,
            User = SmtpUser,
            Secret = SmtpSecret,
            CertificateSha256 = CertificateSha256,
            AcceptAnyCertificate = AcceptAnyCertificate,
            AllowPlaintextAuth = AllowPlaintext,
            UnknownTextsAMinute = UnknownTextsAMinute,
            Timeouts = SmtpTimeouts,
        };
}
