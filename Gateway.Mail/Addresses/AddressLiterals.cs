using System.Net;
using System.Net.Sockets;

namespace Gateway.Mail.Addresses;

/// <summary>RFC 5321 §4.1.3: <c>[192.0.2.1]</c> and <c>[IPv6:2001:db8::1]</c>; general literals have no meaning yet and are refused.</summary>
internal static class AddressLiterals
{
    private const string Tag = "IPv6:";

    public static bool TryParse(
        ReadOnlySpan<char> text,
        AddressForms forms,
        out DomainForms domain,
        out AddressError error
    )
    {
        domain = default;
        if (!forms.HasFlag(AddressForms.AddressLiteral))
        {
            error = new("address_literal", "Write a domain name; IP addresses in brackets are not accepted.", 0);
            return false;
        }

        error = new("address_literal_malformed", "Write [192.0.2.1] or [IPv6:2001:db8::1].", 0);
        if (text[^1] != ']')
            return false;

        var inner = text[1..^1];
        var isV6 = inner.StartsWith(Tag, StringComparison.OrdinalIgnoreCase);
        var parsed = isV6 ? ReadV6(inner[Tag.Length..]) : ReadV4(inner);
        if (parsed is null)
            return false;

        var canonical = isV6 ? $"[IPv6:{parsed}]" : $"[{parsed}]";
        domain = new(canonical, canonical);
        error = default;
        return true;
    }

    // IPAddress.Parse takes octal, hexadecimal and short forms as well; RFC 5321's Snum is 1*3DIGIT below 256.
    private static IPAddress? ReadV4(ReadOnlySpan<char> text)
    {
        Span<byte> octets = stackalloc byte[4];
        var count = 0;
        foreach (var part in text.Split('.'))
        {
            var digits = text[part];
            if (count == 4 || digits.Length is 0 or > 3 || digits.IndexOfAnyExceptInRange('0', '9') >= 0)
                return null;
            if (!byte.TryParse(digits, out octets[count++]))
                return null;
        }

        return count == 4 ? new IPAddress(octets) : null;
    }

    private static IPAddress? ReadV6(ReadOnlySpan<char> text)
    {
        // A scope ("%eth0") or a port has no place here, and IPAddress.TryParse would take both.
        if (text.IndexOfAnyExcept("0123456789abcdefABCDEF:.") >= 0 || text.Length > 45)
            return null;
        var dotted = text.IndexOf('.');
        if (dotted >= 0 && ReadV4(text[(text.LastIndexOf(':') + 1)..]) is null)
            return null;
        // RFC 5321 §4.1.3: "::" stands for at least two groups of zeros
        if (text.Contains("::", StringComparison.Ordinal) && Groups(text) > (dotted < 0 ? 6 : 5))
            return null;
        return IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            ? address
            : null;
    }

    // A dotted quad counts as one here.
    private static int Groups(ReadOnlySpan<char> text)
    {
        var groups = 0;
        foreach (var part in text.Split(':'))
            groups += text[part].IsEmpty ? 0 : 1;
        return groups;
    }
}
