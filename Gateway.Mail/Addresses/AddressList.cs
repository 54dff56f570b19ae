namespace Gateway.Mail.Addresses;

/// <summary>Reads the values of From, To, Cc, Reply-To and their like (RFC 5322 §3.4, and of §4.4 what is met in practice).</summary>
public static class AddressList
{
    /// <summary>
    /// Reads a header value, folded or not. False if its structure cannot be read or a limit is passed; what was read
    /// before stands in <paramref name="entries"/>. An entry that is not an address does not fail the list.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> headerValue,
        out IReadOnlyList<AddressListEntry> entries,
        out AddressError error,
        AddressListLimits? limits = null
    ) =>
        AddressListParser.TryParse(
            headerValue,
            limits ?? AddressListLimits.Default,
            NameReading.AsReceived,
            out entries,
            out error
        );

    /// <summary>Every usable address in order, groups opened, entries that are not addresses left out.</summary>
    public static IEnumerable<EmailAddress> Addresses(IEnumerable<AddressListEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (entry.Address is not null)
                yield return entry.Address;
            foreach (var member in entry.Members ?? [])
            {
                if (member.Address is not null)
                    yield return member.Address;
            }
        }
    }
}
