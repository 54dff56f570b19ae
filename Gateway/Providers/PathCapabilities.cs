namespace Gateway.Providers;

/// <summary>The form in which a transport takes a message.</summary>
public enum MailForm
{
    /// <summary>The message's own bytes.</summary>
    Raw,

    /// <summary>Text, HTML, attachments and header fields apart; the provider composes.</summary>
    Parts,
}

/// <summary>Whose DKIM key signs (D14).</summary>
public enum PathSigner
{
    Provider,
    Us,
}

/// <summary>What a path tells of a mail after it took it.</summary>
public enum PathEvents
{
    None,

    /// <summary>Only what failed.</summary>
    Bounces,
    Full,
}

/// <summary>What a message demands of the path that carries it (D13).</summary>
[Flags]
public enum MailNeeds
{
    None = 0,

    /// <summary>Only its own bytes carry all of it: it came by the raw or SMTP door, is signed, or invites.</summary>
    Raw = 1,

    /// <summary>Its To is not its envelope: more than one visible recipient, or a hidden one.</summary>
    IndependentEnvelope = 2,

    /// <summary>SMTPUTF8 (RFC 6531).</summary>
    Eai = 4,

    /// <summary>Octets above 127 in the body (RFC 6152).</summary>
    EightBit = 8,
}

/// <summary>What a path can carry (D13). The defaults are those of an ordinary SMTP server that signs by itself.</summary>
public sealed record PathCapabilities
{
    public MailForm Form { get; init; }

    /// <summary>The recipient may be another than those in To and Cc.</summary>
    public bool EnvelopeIndependent { get; init; } = true;

    /// <summary>The Message-ID that we give arrives.</summary>
    public bool KeepsMessageId { get; init; } = true;
    public PathSigner Signs { get; init; }

    /// <summary>SMTPUTF8 (RFC 6531).</summary>
    public bool Eai { get; init; }

    /// <summary>8BITMIME (RFC 6152).</summary>
    public bool EightBit { get; init; } = true;

    /// <summary>Bytes; null where no limit is known.</summary>
    public long? MaxSize { get; init; }
    public PathEvents Events { get; init; }

    /// <summary>The fate of a mail can be asked for by our own id: the provider is an <see cref="ILooksUp"/>.</summary>
    public bool Lookup { get; init; }

    /// <summary>Further transports of the same account, in the order in which they are tried when this one does not fit.</summary>
    public IReadOnlyList<PathCapabilities> Otherwise { get; init; } = [];

    /// <summary>Whether the path tells what became of the mail after it took it.</summary>
    public bool HasDeliveryEvents => Events == PathEvents.Full;

    /// <summary>True where we sign for the tenant's domain; else the provider does (D14).</summary>
    public bool WeSign => Signs == PathSigner.Us;

    /// <summary>The transport that carries such a message; null where none does.</summary>
    public PathCapabilities? For(MailNeeds needs, long size) =>
        Objection(needs, size) is null ? this : Otherwise.FirstOrDefault(o => o.Objection(needs, size) is null);

    /// <summary>Why no transport of the path carries such a message, in words for people; null where one does.</summary>
    public string? WhyNot(MailNeeds needs, long size) =>
        For(needs, size) is not null ? null
        : Otherwise is [.., var last] ? last.Objection(needs, size)
        : Objection(needs, size);

    private string? Objection(MailNeeds needs, long size)
    {
        if (needs.HasFlag(MailNeeds.Raw) && Form == MailForm.Parts)
        {
            return "the message must keep its own bytes, the path composes anew from parts";
        }

        if (needs.HasFlag(MailNeeds.IndependentEnvelope) && !EnvelopeIndependent)
        {
            return "the recipient is not the one in To, and the path sends to those in To";
        }

        if (needs.HasFlag(MailNeeds.Eai) && !Eai)
        {
            return "an address needs SMTPUTF8, which the path does not offer";
        }

        if (needs.HasFlag(MailNeeds.EightBit) && !EightBit)
        {
            return "the body needs 8BITMIME, which the path does not offer";
        }

        return size > MaxSize ? $"the message has {size} bytes, the path takes {MaxSize}" : null;
    }
}
