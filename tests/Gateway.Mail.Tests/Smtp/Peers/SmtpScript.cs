using System.Security.Cryptography.X509Certificates;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>
/// How a scripted server behaves. <see cref="On"/> is asked first, with what came and how often that verb has come on
/// this server: a verb in upper case, <c>connect</c>, <c>content</c> (a first block was read) or <c>.</c>; null means
/// the ordinary answer.
/// </summary>
internal sealed record SmtpScript
{
    public IReadOnlyList<string> Extensions { get; init; } = ["PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8"];

    public Func<string, int, SmtpAct?> On { get; init; } = (_, _) => null;

    /// <summary>With one, STARTTLS is offered (and <see cref="Implicit"/> makes it TLS from the first byte).</summary>
    public X509Certificate2? Certificate { get; init; }

    public bool Implicit { get; init; }

    /// <summary>Ends content at LF.LF too, as lax servers do.</summary>
    public bool Lax { get; init; }

    /// <summary>A server that does one thing at one step.</summary>
    public static SmtpScript At(string step, SmtpAct act) => new() { On = (at, _) => at == step ? act : null };

    public SmtpAct Ordinary(string step) =>
        step switch
        {
            "connect" => "220 script.example ESMTP",
            "EHLO" => Hello(),
            "HELO" => "250 script.example",
            "DATA" => "354 go on",
            "." => "250 2.0.0 kept",
            "QUIT" => new SmtpAct.Both("221 2.0.0 bye", new SmtpAct.Close()),
            "AUTH" => "235 2.7.0 welcome",
            "MAIL" => "250 2.1.0 ok",
            "RCPT" => "250 2.1.5 ok",
            "RSET" or "NOOP" => "250 2.0.0 ok",
            _ => "500 5.5.2 what?",
        };

    private string Hello()
    {
        string[] lines =
        [
            .. Extensions,
            .. Certificate is not null && !Implicit ? ["STARTTLS"] : Array.Empty<string>(),
        ];
        var all = lines.Prepend("script.example").ToArray();
        return string.Join("\r\n", all.Select((l, i) => (i == all.Length - 1 ? "250 " : "250-") + l));
    }
}
