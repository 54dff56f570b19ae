namespace Gateway.Mail.Addresses;

/// <summary>One element of an address header: a mailbox or a group.</summary>
public sealed record AddressListEntry
{
    /// <summary>Display name or group name, decoded (RFC 2047); controls stand as U+FFFD. The comment where only a comment names it.</summary>
    public string? Name { get; init; }

    /// <summary>What stands where the address belongs, without comments around it and without angle brackets.</summary>
    public string Text { get; init; } = "";

    /// <summary>The address, or null where <see cref="Text"/> is not one that SMTP could use; then see <see cref="Error"/>.</summary>
    public EmailAddress? Address { get; init; }

    /// <summary>Why <see cref="Address"/> is null. Position counts from the start of the header value.</summary>
    public AddressError Error { get; init; }

    /// <summary>The members of a group (RFC 5322 §3.4), perhaps none; null for a mailbox.</summary>
    public IReadOnlyList<AddressListEntry>? Members { get; init; }

    /// <summary>True for <c>name: members;</c>.</summary>
    public bool IsGroup => Members is not null;
}
