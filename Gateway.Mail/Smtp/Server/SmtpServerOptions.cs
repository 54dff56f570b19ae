using System.IO.Pipelines;

namespace Gateway.Mail.Smtp;

/// <summary>What one server session allows.</summary>
public sealed record SmtpServerOptions
{
    /// <summary>Our name in the greeting and the answer to EHLO.</summary>
    public required string Name { get; init; }

    /// <summary>Octets of one message after dots are undone, offered as SIZE (RFC 1870).</summary>
    public long MaxMessage { get; init; } = 25 * 1024 * 1024;

    /// <summary>RFC 5321 §4.5.3.1.8: at least 100.</summary>
    public int MaxRecipients { get; init; } = 100;

    /// <summary>Octets of a line of content with its CRLF (RFC 5321 §4.5.3.1.6).</summary>
    public int MaxTextLine { get; init; } = 1000;

    /// <summary>Commands of one session, so that no connection lives for ever on NOOP.</summary>
    public int MaxCommands { get; init; } = 20_000;

    /// <summary>Protocol errors and failed logins of one session before it is closed.</summary>
    public int MaxErrors { get; init; } = 10;

    /// <summary>Logins refused for good in one session before it is closed.</summary>
    public int MaxFailedLogins { get; init; } = 3;

    /// <summary>Tries to log in of one session, those that were only put off included.</summary>
    public int MaxLogins { get; init; } = 10;

    /// <summary>How long a session that needs a login may take to it, from its first byte.</summary>
    public TimeSpan LoginWithin { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What the content of all sessions together may hold; beyond it, 452 4.3.1. Null has no bound.</summary>
    public ContentBudget? Budget { get; init; }

    /// <summary>How long the next command may take (RFC 5321 §4.5.3.2.7: five minutes).</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long content may stand still.</summary>
    public TimeSpan ContentTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long one message's content may take in all, however steadily it drips.</summary>
    public TimeSpan MaxContentTime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a peer that broke the protocol is still listened to, unanswered, so that it can read why.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Refuse MAIL without AUTH (RFC 6409 §4.3).</summary>
    public bool RequireAuth { get; init; } = true;

    /// <summary>Offer AUTH on an unprotected connection. For development on this machine.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <summary>Puts TLS on the transport after STARTTLS; null does not offer it. <see cref="PipeTls"/> makes one.</summary>
    public Func<IDuplexPipe, CancellationToken, ValueTask<IDuplexPipe>>? StartTls { get; init; }
}
