using Gateway.Mail.Smtp;
using Gateway.Providers.Http;
using Gateway.Providers.Smtp;

namespace Gateway.Providers.SendGrid;

/// <summary>Which of the two ways in are used.</summary>
public enum SendGridTransport
{
    /// <summary>JSON where the message's parts carry all of it, SMTP where only its bytes do.</summary>
    ApiAndSmtp,
    Api,
    Smtp,
}

public enum SendGridRegion
{
    Global,

    /// <summary>For an EU subuser; its keys work nowhere else.</summary>
    Eu,
}

/// <summary>A SendGrid account, under <c>Gateway:Paths:&lt;name&gt;</c> with <c>Provider=sendgrid</c>.</summary>
public sealed class SendGridOptions : HttpAccountOptions, IProviderOptions
{
    /// <summary>One key for both transports; it needs the scope <c>mail.send</c> and no other.</summary>
    public string ApiKey { get; set; } = "";
    public SendGridRegion Region { get; set; }
    public SendGridTransport Transport { get; set; }

    /// <summary>The provider's own unless given. For an emulator.</summary>
    public string? SmtpHost { get; set; }
    public int SmtpPort { get; set; } = 587;
    public SmtpTls SmtpTls { get; set; } = SmtpTls.StartTls;

    /// <summary>Our name in EHLO.</summary>
    public string HelloName { get; set; } = "localhost";

    /// <summary>The Email Activity API is a paid add-on; on, the fate of an unknown mail is asked for there.</summary>
    public bool ActivityLookup { get; set; }

    internal SmtpTimeouts? SmtpTimeouts { get; set; }

    internal string Api =>
        BaseUrl?.TrimEnd('/')
        ?? (Region == SendGridRegion.Eu ? "https://api.eu.sendgrid.com" : "https://api.sendgrid.com");

    public IEnumerable<string> Problems()
    {
        if (ApiKey.Length == 0)
        {
            yield return "ApiKey is empty; it must be a SendGrid API key";
        }
        else if (ApiKey.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            yield return "ApiKey holds a space or a character beyond ASCII; it must be the key alone";
        }

        foreach (var problem in HttpProblems())
        {
            yield return problem;
        }

        if (Transport != SendGridTransport.Api)
        {
            foreach (var problem in ToRelay().Problems())
            {
                yield return "Smtp" + problem;
            }
        }
    }

    internal SmtpRelayOptions ToRelay() =>
        new()
        {
            Host = SmtpHost ?? (Region == SendGridRegion.Eu ? "smtp.eu.sendgrid.net" : "smtp.sendgrid.net"),
            Port = SmtpPort,
            Tls = SmtpTls,
            HelloName = HelloName,
            // The user is this word, literally; the key is the password.
            User = "apikey",
            Secret = ApiKey,
            CertificateSha256 = CertificateSha256,
            AcceptAnyCertificate = AcceptAnyCertificate,
            AllowPlaintextAuth = AllowPlaintext,
            UnknownTextsAMinute = UnknownTextsAMinute,
            Timeouts = SmtpTimeouts,
        };
}
