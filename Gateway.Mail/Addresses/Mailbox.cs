using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Addresses;

/// <summary>An address and the name shown for it (RFC 5322 §3.4). A name that could break a header cannot be held.</summary>
public sealed class Mailbox
{
    /// <summary>Joins a name and an address.</summary>
    /// <exception cref="ArgumentException">The name holds a control character or half of a surrogate pair, or is too long.</exception>
    public Mailbox(string? name, EmailAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!DisplayNames.AreAccepted(name, out var error))
            throw new ArgumentException(error.Message, nameof(name));
        Name = string.IsNullOrEmpty(name) ? null : name;
        Address = address;
    }

    /// <summary>The name as people read it, or null. Never empty.</summary>
    public string? Name { get; }

    /// <summary>The address.</summary>
    public EmailAddress Address { get; }

    /// <summary>Joins a name and an address, or says which character of the name is refused.</summary>
    public static bool TryCreate(
        string? name,
        EmailAddress address,
        [NotNullWhen(true)] out Mailbox? mailbox,
        out AddressError error
    )
    {
        mailbox = DisplayNames.AreAccepted(name, out error) ? new Mailbox(name, address) : null;
        return mailbox is not null;
    }

    /// <summary>
    /// Reads exactly one mailbox: <c>a@b.example</c>, <c>&lt;a@b.example&gt;</c> or <c>Name &lt;a@b.example&gt;</c>, with
    /// quoted names, comments and encoded-words as RFC 5322 and RFC 2047 define them. A comment never becomes the name.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out Mailbox? mailbox,
        out AddressError error
    )
    {
        mailbox = null;
        if (text.IndexOfAny('\r', '\n', '\0') is var control and >= 0)
        {
            error = new("control_character", "A mailbox holds no line break and no NUL.", control);
            return false;
        }

        if (
            !DisplayNames.IsUnicode(text, out error)
            || !AddressListParser.TryParse(text, AddressListLimits.One, NameReading.Strict, out var entries, out error)
        )
            return false;

        if (entries is not [{ IsGroup: false } entry])
        {
            error = new("not_one_mailbox", "Write one mailbox, such as Name <name@example.com>.", 0);
            return false;
        }

        if (entry.Address is null)
        {
            error = entry.Error;
            return false;
        }

        return TryCreate(entry.Name, entry.Address, out mailbox, out error);
    }

    /// <summary>For logs and error texts. Headers are written by the composer.</summary>
    public override string ToString() =>
        Name is null
            ? Address.ToString()
            : $"\"{Name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\" <{Address}>";
}
