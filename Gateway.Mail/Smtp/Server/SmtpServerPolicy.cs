using System.Buffers;
using System.Net;

namespace Gateway.Mail.Smtp;

/// <summary>What a session knows of its peer.</summary>
public sealed class SmtpPeer
{
    public EndPoint? Address { get; init; }

    public bool IsSecured { get; internal set; }

    /// <summary>The name of EHLO or HELO, unverified; null before.</summary>
    public string? HelloName { get; internal set; }

    /// <summary>Who logged in; null before.</summary>
    public string? Identity { get; internal set; }

    /// <summary>The policy's own memory of this session.</summary>
    public object? State { get; set; }
}

/// <summary>One try to log in, by PLAIN or LOGIN.</summary>
public sealed class SmtpLogin(string authorize, string identity, string secret)
{
    /// <summary>On whose behalf (RFC 4616 §2); mostly empty.</summary>
    public string Authorize { get; } = authorize;

    public string Identity { get; } = identity;

    public string Secret { get; } = secret;

    public override string ToString() => Identity;
}

/// <summary>A MAIL command that was understood.</summary>
public sealed record SmtpSender(SmtpPath From, long? Size, bool EightBit, bool Utf8);

/// <summary>A whole message with its envelope. The content is valid only until <see cref="SmtpServerPolicy.OnMessage"/> returns.</summary>
public sealed record SmtpMessage(SmtpSender Sender, IReadOnlyList<SmtpPath> Recipients, ReadOnlySequence<byte> Content);

/// <summary>
/// Decides what a session does. Null from a hook means the ordinary positive answer; a negative reply refuses; 421
/// refuses and closes. What a hook throws is answered 451 4.3.0 and told to <see cref="OnFault"/>: our own trouble is
/// never a permanent answer.
/// </summary>
public abstract class SmtpServerPolicy
{
    public virtual ValueTask<SmtpReply?> OnConnect(SmtpPeer peer, CancellationToken cancel) => default;

    public virtual ValueTask<SmtpReply?> OnHello(SmtpPeer peer, CancellationToken cancel) => default;

    /// <summary>Null accepts the login.</summary>
    public virtual ValueTask<SmtpReply?> OnAuth(SmtpPeer peer, SmtpLogin login, CancellationToken cancel) =>
        new(SmtpReply.Of(535, "5.7.8 Authentication credentials invalid"));

    public virtual ValueTask<SmtpReply?> OnMailFrom(SmtpPeer peer, SmtpSender sender, CancellationToken cancel) =>
        default;

    public virtual ValueTask<SmtpReply?> OnRcptTo(
        SmtpPeer peer,
        SmtpSender sender,
        SmtpPath recipient,
        CancellationToken cancel
    ) => default;

    /// <summary>Before 354: the place to refuse while too many bytes are in flight.</summary>
    public virtual ValueTask<SmtpReply?> OnData(SmtpPeer peer, SmtpSender sender, CancellationToken cancel) => default;

    /// <summary>A positive reply takes responsibility for the message.</summary>
    public abstract ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel);

    /// <summary>A hook threw; the peer was told to come back.</summary>
    public virtual void OnFault(SmtpPeer peer, Exception fault) { }
}
