using System.Net.Security;
using System.Security.Cryptography;

namespace Gateway.Mail.Smtp;

/// <summary>How the connection is protected.</summary>
public enum SmtpTls
{
    None,

    /// <summary>Use STARTTLS when it is offered; go on in clear when not. Never with credentials.</summary>
    StartTlsIfOffered,

    /// <summary>STARTTLS or nothing (RFC 3207).</summary>
    StartTls,

    /// <summary>TLS from the first byte, port 465 (RFC 8314 §3).</summary>
    Implicit,
}

/// <summary>Which server certificate is good enough.</summary>
public sealed class CertificatePolicy
{
    private readonly string? sha256;
    private readonly bool any;

    private CertificatePolicy(string? sha256, bool any)
    {
        this.sha256 = sha256;
        this.any = any;
    }

    /// <summary>A chain to a trusted root, and the host's name.</summary>
    public static CertificatePolicy Verify { get; } = new(sha256: null, any: false);

    /// <summary>Any certificate. For development only: it stops nobody who listens in between.</summary>
    public static CertificatePolicy AcceptAny { get; } = new(sha256: null, any: true);

    /// <summary>Exactly the certificate with this SHA-256 thumbprint (64 hex digits; colons are ignored).</summary>
    public static CertificatePolicy Pinned(string sha256)
    {
        var hex = sha256.Replace(":", "", StringComparison.Ordinal);
        return hex.Length == 64 && hex.All(char.IsAsciiHexDigit)
            ? new(hex.ToUpperInvariant(), any: false)
            : throw new ArgumentException("a SHA-256 thumbprint has 64 hex digits", nameof(sha256));
    }

    internal bool Accepts(byte[]? certificate, SslPolicyErrors errors)
    {
        if (any)
        {
            return true;
        }

        return sha256 is null
            ? errors == SslPolicyErrors.None
            : certificate is not null && Convert.ToHexString(SHA256.HashData(certificate)) == sha256;
    }
}

/// <summary>A login at a submission server. Neither part may hold NUL (RFC 4616 §2).</summary>
public sealed class SmtpCredentials
{
    public SmtpCredentials(string user, string secret)
    {
        if (user.Contains('\0') || secret.Contains('\0'))
        {
            throw new ArgumentException("credentials hold no NUL", nameof(user));
        }

        (User, Secret) = (user, secret);
    }

    public string User { get; }

    internal string Secret { get; }

    public override string ToString() => User;
}

/// <summary>How long each phase may take (RFC 5321 §4.5.3.2).</summary>
public sealed record SmtpTimeouts
{
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Tls { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Greeting { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan Hello { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan Auth { get; init; } = TimeSpan.FromMinutes(2);
    public TimeSpan MailFrom { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan RcptTo { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan Data { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>One block of content.</summary>
    public TimeSpan Content { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The answer to the final dot. Shorter than the server's own makes duplicates.</summary>
    public TimeSpan FinalDot { get; init; } = TimeSpan.FromMinutes(10);
    public TimeSpan Reset { get; init; } = TimeSpan.FromMinutes(2);
    public TimeSpan Quit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Every phase alike.</summary>
    public static SmtpTimeouts All(TimeSpan each) =>
        new()
        {
            Connect = each,
            Tls = each,
            Greeting = each,
            Hello = each,
            Auth = each,
            MailFrom = each,
            RcptTo = each,
            Data = each,
            Content = each,
            FinalDot = each,
            Reset = each,
            Quit = each,
        };

    internal TimeSpan For(SmtpPhase phase) =>
        phase switch
        {
            SmtpPhase.Connect => Connect,
            SmtpPhase.Tls => Tls,
            SmtpPhase.Greeting => Greeting,
            SmtpPhase.Hello or SmtpPhase.StartTls => Hello,
            SmtpPhase.Auth => Auth,
            SmtpPhase.MailFrom => MailFrom,
            SmtpPhase.RcptTo => RcptTo,
            SmtpPhase.Data => Data,
            SmtpPhase.Content => Content,
            SmtpPhase.FinalDot => FinalDot,
            SmtpPhase.Reset => Reset,
            _ => Quit,
        };
}

/// <summary>How much a server may say in one reply.</summary>
public sealed record SmtpReplyLimits
{
    /// <summary>RFC 5321 §4.5.3.1.5 wants 512 octets; servers that write long links are met.</summary>
    public int LineOctets { get; init; } = 2 * 1024;
    public int ReplyOctets { get; init; } = 64 * 1024;
    public int Lines { get; init; } = 100;
}

/// <summary>Where and how to open a session.</summary>
public sealed record SmtpClientOptions
{
    public required string Host { get; init; }
    public int Port { get; init; } = 25;
    public SmtpTls Tls { get; init; } = SmtpTls.StartTls;
    public CertificatePolicy Certificates { get; init; } = CertificatePolicy.Verify;

    /// <summary>Our name in EHLO: a domain or an address literal (RFC 5321 §4.1.1.1).</summary>
    public required string HelloName
    {
        get;
        init =>
            field =
                value.Length <= 255 && SmtpPath.IsDomain(value) && value.All(char.IsAscii)
                    ? value
                    : throw new ArgumentException("HelloName must be a domain or an address literal", nameof(value));
    }
    public SmtpCredentials? Credentials { get; init; }

    /// <summary>Let the password go over an unprotected connection. For a test server on this machine.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <summary>Off sends one command at a time even when PIPELINING is offered.</summary>
    public bool Pipelining { get; init; } = true;
    public SmtpTimeouts Timeouts { get; init; } = new();
    public SmtpReplyLimits Limits { get; init; } = new();

    /// <summary>
    /// Opens the connection in place of the built-in look-up and connect, so that a caller can guard addresses.
    /// It throws <see cref="System.Net.Sockets.SocketException"/> or <see cref="SmtpFailure"/>.
    /// </summary>
    public Func<string, int, CancellationToken, ValueTask<Stream>>? Connect { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
