using System.Buffers;
using Gateway.Mail;

namespace Gateway.Providers;

/// <summary>One configured account at a provider, ready to send: what an egress path hands mail to.</summary>
public interface IProvider : IAsyncDisposable
{
    /// <summary>What this account can carry, as it was last seen (a relay says its own in EHLO).</summary>
    PathCapabilities Capabilities { get; }

    /// <summary>
    /// Tries once. A refusal, a broken connection and a time-out are results; what is thrown is a bug of the adapter,
    /// and after a throw nobody knows whether the mail was taken.
    /// </summary>
    Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel);

    /// <summary>
    /// Asks, without any mail, whether the account would take some: as far as connecting and logging in show it.
    /// <see cref="Outcome.Accepted"/> where nothing speaks against it.
    /// </summary>
    Task<SendResult> ProbeAsync(CancellationToken cancel);
}

/// <summary>One delivery as it goes over one path: one recipient, bytes ready.</summary>
public sealed record OutboundMail
{
    public required Guid TenantId { get; init; }
    public required Guid MessageId { get; init; }
    public required Guid DeliveryId { get; init; }

    /// <summary>From 1; with the delivery id it names the attempt.</summary>
    public required int Attempt { get; init; }
    public required string MailFrom { get; init; }
    public required string Recipient { get; init; }

    /// <summary>An RFC 5322 message: CRLF, no Bcc.</summary>
    public required ReadOnlySequence<byte> Content { get; init; }

    /// <summary>An address of the envelope or a header needs RFC 6531.</summary>
    public bool NeedsSmtpUtf8 { get; init; }
}

/// <summary>What a try came to: who failed, at which phase, in whose exact words.</summary>
public sealed record SendResult(Outcome Outcome, OutcomeScope Scope, string Phase, string Reply)
{
    /// <summary>The provider's own id of the mail, where it told one.</summary>
    public string? ProviderId { get; init; }

    /// <summary>When it asked us to come again.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>What a path can carry (D13).</summary>
public sealed record PathCapabilities
{
    /// <summary>SMTPUTF8 (RFC 6531).</summary>
    public bool Eai { get; init; }

    /// <summary>Whether the path tells what became of the mail after it took it.</summary>
    public bool HasDeliveryEvents { get; init; }

    /// <summary>True where we sign for the tenant's domain; else the provider does (D14).</summary>
    public bool WeSign { get; init; }

    /// <summary>Bytes; null where no limit is known.</summary>
    public long? MaxSize { get; init; }
}
