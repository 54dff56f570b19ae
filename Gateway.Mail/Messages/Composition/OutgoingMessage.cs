using Gateway.Mail.Addresses;

namespace Gateway.Mail.Messages;

/// <summary>
/// A message given in parts. All that decides its bytes is in it, so composing it twice gives the same bytes; each
/// property checks itself, so composing cannot fail.
/// </summary>
public sealed record OutgoingMessage
{
    /// <summary>The author (RFC 5322 §3.6.2).</summary>
    public required Mailbox From { get; init; }

    /// <summary>Who sends for the author, or null.</summary>
    public Mailbox? Sender { get; init; }

    /// <summary>Where answers go; empty for From.</summary>
    public IReadOnlyList<Mailbox> ReplyTo { get; init; } = [];

    /// <summary>The visible recipients.</summary>
    public IReadOnlyList<Mailbox> To { get; init; } = [];

    /// <summary>The other visible recipients. There is no Bcc: whoever is not seen is in the envelope only.</summary>
    public IReadOnlyList<Mailbox> Cc { get; init; } = [];

    /// <summary>Any text that <see cref="HeaderText"/> can hold.</summary>
    /// <exception cref="ArgumentException">It holds a control character or is too long.</exception>
    public string Subject
    {
        get;
        init =>
            field = HeaderText.TryCreate(value, out _, out var error)
                ? value
                : throw new ArgumentException(error.Message, nameof(value));
    } = "";

    /// <summary>The Date field, written with this offset.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The Message-ID without angle brackets: <c>left@right</c> (RFC 5322 §3.6.4).</summary>
    /// <exception cref="ArgumentException">It is not two dot-atoms joined by '@', or is longer than 250 characters.</exception>
    public required string MessageId
    {
        get;
        init =>
            field = MessageIds.IsValid(value)
                ? value
                : throw new ArgumentException("A Message-ID is written as left@right in ASCII.", nameof(value));
    }

    /// <summary>Decides the MIME boundaries. Any text; the same seed and the same message give the same bytes.</summary>
    public required string BoundarySeed { get; init; }

    /// <summary>The plain text, or null.</summary>
    public string? Text { get; init; }

    /// <summary>The HTML, or null.</summary>
    public string? Html { get; init; }

    /// <summary>True to add a plain text made from <see cref="Html"/> when <see cref="Text"/> is null.</summary>
    public bool TextFromHtml { get; init; }

    /// <summary>The sender's own headers, in this order.</summary>
    public IReadOnlyList<HeaderField> Headers { get; init; } = [];

    /// <summary>The files.</summary>
    public IReadOnlyList<Attachment> Attachments { get; init; } = [];

    /// <summary>How to leave the list, or null. Takes the place of List-Unsubscribe fields in <see cref="Headers"/>.</summary>
    public ListUnsubscribe? ListUnsubscribe { get; init; }

    /// <summary>True if a visible address is not ASCII: the message is then an RFC 6532 one and its next hop needs SMTPUTF8.</summary>
    public bool NeedsSmtpUtf8 =>
        From.Address.IsInternational
        || Sender is { Address.IsInternational: true }
        || AnyInternational(To)
        || AnyInternational(Cc)
        || AnyInternational(ReplyTo);

    private static bool AnyInternational(IReadOnlyList<Mailbox> mailboxes)
    {
        foreach (var mailbox in mailboxes)
        {
            if (mailbox.Address.IsInternational)
                return true;
        }

        return false;
    }
}
