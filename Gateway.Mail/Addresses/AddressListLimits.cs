namespace Gateway.Mail.Addresses;

/// <summary>What one address header may cost.</summary>
/// <param name="MaxLength">In UTF-16 units of the field's value.</param>
/// <param name="MaxEntries">Mailboxes, groups and their members together.</param>
/// <param name="MaxCommentDepth">Comments inside comments.</param>
public sealed record AddressListLimits(int MaxLength = 65_536, int MaxEntries = 2_000, int MaxCommentDepth = 50)
{
    /// <summary>64 KiB, 2,000 entries, 50 comments deep.</summary>
    public static AddressListLimits Default { get; } = new();

    /// <summary>Enough to see that a text holds more than one mailbox.</summary>
    internal static AddressListLimits One { get; } =
        new(MaxLength: (6 * DisplayNames.MaxLength) + AddressLimits.Text, MaxEntries: 1);
}
