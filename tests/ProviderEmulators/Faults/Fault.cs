using System.Text.Json.Serialization;

namespace ProviderEmulators.Faults;

/// <summary>What goes wrong.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultAct>))]
public enum FaultAct
{
    /// <summary>Answers with <see cref="Fault.Status"/> and <see cref="Fault.Body"/>; over SMTP with <see cref="Fault.Body"/> as the reply.</summary>
    Reply,

    /// <summary>Ends the connection with a TCP reset.</summary>
    Reset,

    /// <summary>Ends the connection in order.</summary>
    Close,

    /// <summary>Says nothing more, and keeps the connection open.</summary>
    Hang,

    /// <summary>Waits for <see cref="Fault.DelayMs"/> and goes on as if nothing were.</summary>
    Slow,

    /// <summary>Writes bytes that are no part of the protocol, then closes.</summary>
    Garbage,
}

/// <summary>Where, in the order in which an exchange comes along.</summary>
public static class FaultStep
{
    /// <summary>The connection was accepted; not a byte was exchanged.</summary>
    public const string Connect = "connect";

    /// <summary>In place of the TLS handshake.</summary>
    public const string Tls = "tls";

    /// <summary>HTTP: the head of the request was read, the body was not.</summary>
    public const string Request = "request";

    /// <summary>HTTP: the first bytes of the body were read. SMTP: of the content.</summary>
    public const string Body = "body";

    /// <summary>HTTP: all was read and checked, nothing was said. SMTP: the final dot came.</summary>
    public const string Answer = "answer";

    /// <summary>HTTP: the head of the answer and half of its body were written.</summary>
    public const string MidAnswer = "midanswer";

    /// <summary>SMTP, in place of the answer to that command; of each in the group, to a whole pipeline.</summary>
    public const string Ehlo = "EHLO";
    public const string StartTls = "STARTTLS";
    public const string Auth = "AUTH";
    public const string Mail = "MAIL";
    public const string Rcpt = "RCPT";
    public const string Data = "DATA";
    public const string Reset = "RSET";
}

/// <summary>One thing that goes wrong at one step, until it is lifted or used up.</summary>
public sealed record Fault
{
    public required string At { get; init; }
    public FaultAct Do { get; init; }
    public int Status { get; init; } = 500;
    public string? Body { get; init; }

    /// <summary>A value <c>+30</c> of X-RateLimit-Reset is 30 s from now.</summary>
    public Dictionary<string, string> Headers { get; init; } = [];
    public int DelayMs { get; init; }

    /// <summary>Keeps the mail all the same: accepted, and nobody is told.</summary>
    public bool Take { get; init; }

    /// <summary>How often it happens; null until lifted.</summary>
    public int? Times { get; init; }
}
