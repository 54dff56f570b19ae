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
        var open = address.IndexOf('<', StringComparison.Ordinal);
        var close = address.LastIndexOf('>');
        return open >= 0 && close > open ? address[(open + 1)..close].Trim() : address.Trim('"', '<', '>', ' ');
    }
}
