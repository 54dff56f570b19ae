using System.Globalization;
using System.Text;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>Brings a stranger's text to one line without control characters, so that it can be stored, shown and searched.</summary>
internal static class PlainText
{
    public static string OneLine(ReadOnlySpan<char> text, int max = ReportLimits.MaxValue)
    {
        var flat = new StringBuilder(Math.Min(text.Length, max));
        var space = false;
        foreach (var c in text)
        {
            if (flat.Length >= max)
            {
                break;
            }

            if (char.IsWhiteSpace(c) || char.IsControl(c))
            {
                space = flat.Length > 0;
                continue;
            }

            if (space)
            {
                flat.Append(' ');
                space = false;
            }

            flat.Append(c);
        }

        return flat.ToString();
    }

    /// <summary>The form in which phrases are looked up: one line, lower case, single spaces, straight apostrophes.</summary>
    public static string Searchable(ReadOnlySpan<char> text) =>
        OneLine(text, ReportLimits.MaxDiagnostic).ToLowerInvariant().Replace('\u2019', '\'');

    /// <summary>Removes <c>type;</c> before a value: <c>rfc822; a@b</c> (RFC 3464 §2.1.2).</summary>
    public static string WithoutType(string value)
    {
        var end = value.IndexOf(';', StringComparison.Ordinal);
        return end is > 0 and < 32 && !value.AsSpan(0, end).ContainsAny(" @<\"".AsSpan())
            ? value[(end + 1)..].Trim()
            : value;
    }

    /// <summary>An address field's value without its type, angle brackets and quotes around the whole.</summary>
    public static string Address(string value)
    {
        var address = WithoutType(value).Trim();
        if (address.Contains("\\x{", StringComparison.Ordinal))
        {
            address = OneLine(Unescaped(address));
        }

        var open = address.IndexOf('<', StringComparison.Ordinal);
        var close = address.LastIndexOf('>');
        return open >= 0 && close > open ? address[(open + 1)..close].Trim() : address.Trim('"', '<', '>', ' ');
    }

    // RFC 6533 §3: utf-8-addr-xtext writes a character as \x{HEX} where the report must be ASCII.
    private static string Unescaped(string address)
    {
        var text = new StringBuilder(address.Length);
        for (var at = 0; at < address.Length; at++)
        {
            var close = string.CompareOrdinal(address, at, "\\x{", 0, 3) == 0 ? address.IndexOf('}', at) : -1;
            if (
                close > at + 3
                && close - at <= 9
                && int.TryParse(
                    address.AsSpan(at + 3, close - at - 3),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var rune
                )
                && Rune.IsValid(rune)
            )
            {
                text.Append(new Rune(rune).ToString());
                at = close;
            }
            else
            {
                text.Append(address[at]);
            }
        }

        return text.ToString();
    }
}
