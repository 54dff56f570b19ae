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

    /// <summary>
    /// What the door knows of the message's needs. Whoever does not say keeps the bytes: only a message that we composed
    /// ourselves from its parts may be taken apart again.
    /// </summary>
    public MailNeeds Needs { get; init; } = MailNeeds.Raw;
}

/// <summary>What a try came to: who failed, at which phase, in whose exact words.</summary>
public sealed record SendResult(Outcome Outcome, OutcomeScope Scope, string Phase, string Reply)
{
    /// <summary>The provider's own id of the mail, where it told one.</summary>
    public string? ProviderId { get; init; }

    /// <summary>When it asked us to come again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// The refusal in a form that is equal for all messages refused alike, where no line of the tables knows its words:
    /// what many distinct messages hear at once is the path's own doing (<see cref="Outcomes.UnknownTexts"/>).
    /// </summary>
    public string? UnknownText { get; init; }
}
