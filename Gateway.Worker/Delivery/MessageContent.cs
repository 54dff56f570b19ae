using Gateway.Mail.Addresses;

namespace Gateway.Worker.Delivery;

/// <summary>
/// What the deliveries of one message share while they are on their way together: the bytes as accepted, and the bytes
/// as prepared, made once by whoever needs them first.
/// </summary>
public sealed class MessageContent(string door, Guid messageId, byte[]? given, Mailbox? shownAs = null)
{
    private readonly Lazy<PreparedMail> prepared = new(() => Preparation.Prepare(door, messageId, given!, shownAs));
    private int users;

    /// <summary>Composed by us from its parts: it may be taken apart again.</summary>
    public bool IsComposed { get; } = door is "json" or "sendgrid";

    /// <summary>False once the content's time is over.</summary>
    public bool IsThere => given is not null;

    /// <summary>Bytes held in memory by it: as given, and about as much again once prepared.</summary>
    public long Weight => (given?.LongLength ?? 0) * 2;

    /// <exception cref="InvalidDataException">The ledger's bytes can no longer be read: a bug of ours, never the tenant's bounce.</exception>
    public PreparedMail Prepared => prepared.Value;

    /// <summary>True for the first of its users.</summary>
    public bool Enter() => Interlocked.Increment(ref users) == 1;

    /// <summary>True for the last of its users.</summary>
    public bool Leave() => Interlocked.Decrement(ref users) == 0;
}
