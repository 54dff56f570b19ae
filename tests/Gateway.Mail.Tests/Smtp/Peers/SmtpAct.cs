using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>What a scripted server does when a command (or the final dot) has come.</summary>
internal abstract record SmtpAct
{
    /// <summary>Answers, CRLF added; several lines are joined by <c>\r\n</c>.</summary>
    public sealed record Reply(string Text) : SmtpAct;

    /// <summary>Writes exactly these bytes.</summary>
    public sealed record Raw(byte[] Bytes) : SmtpAct;

    /// <summary>Closes with a TCP reset.</summary>
    public sealed record Reset : SmtpAct;

    /// <summary>Closes in order.</summary>
    public sealed record Close : SmtpAct;

    /// <summary>Says nothing and keeps the connection open.</summary>
    public sealed record Silence : SmtpAct;

    /// <summary>Waits, then acts.</summary>
    public sealed record After(TimeSpan Delay, SmtpAct Then) : SmtpAct;

    /// <summary>One after the other.</summary>
    public sealed record Both(SmtpAct First, SmtpAct Second) : SmtpAct;

    [return: NotNullIfNotNull(nameof(reply))]
    public static implicit operator SmtpAct?(string? reply) => reply is null ? null : new Reply(reply);

    /// <summary>Part of a reply, then silence.</summary>
    public static SmtpAct Half(string part) => new Both(new Raw(Encoding.UTF8.GetBytes(part)), new Silence());
}
