using System.Globalization;
using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>
/// UTS #46 (non-transitional, STD3 rules) by the platform's ICU, and our own checks of its answer: every A-label
/// decodes by RFC 3492 to the U-label shown, and that U-label maps to this A-label and no other.
/// </summary>
internal static class InternationalDomains
{
    private static readonly IdnMapping Mapping = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    // Without ICU .NET falls back to IDNA2003, where faß.de is fass.de: another owner's domain.
    private static readonly bool IsUts46 = MapsSharpS();

    public static bool TryParse(
        ReadOnlySpan<char> text,
        AddressForms forms,
        out DomainForms domain,
        out AddressError error
    )
    {
        domain = default;
        var ascii = new StringBuilder(text.Length + 16);
        var unicode = new StringBuilder(text.Length);
        for (var start = 0; start <= text.Length; )
        {
            var length = text[start..].IndexOfAny("。．｡.");
            var end = length < 0 ? text.Length : start + length;
            if (!TryMap(text[start..end], out var a, out var u, out error))
            {
                error = error with { Position = error.Position + start };
                return false;
            }

            ascii.Append(a);
            unicode.Append(u);
            if (end < text.Length)
            {
                ascii.Append('.');
                unicode.Append('.');
            }

            start = end + 1;
        }

        var name = ascii.ToString();
        domain = new(name, unicode.ToString());
        if (Domains.TryCheck(name, forms, out error))
            return true;
        error = error with { Position = 0 }; // it counted in the mapped name
        return false;
    }

    private static bool TryMap(ReadOnlySpan<char> text, out string ascii, out string unicode, out AddressError error)
    {
        ascii = unicode = text.ToString().ToLowerInvariant();
        error = default;
        if (Ascii.IsValid(text) && !ascii.StartsWith("xn--", StringComparison.Ordinal))
            return true; // the checks of the whole name follow

        if (!IsUts46)
        {
            error = new(
                "idn_unavailable",
                "International domains need ICU on this machine; write the domain in its xn-- form elsewhere.",
                0
            );
            return false;
        }

        if (!AreMappable(text, out error))
            return false;

        if (TryMapExactly(text.ToString(), ref ascii, ref unicode) && Bidi.IsValidLabel(unicode))
            return true;

        error = new("domain_not_idna", "This part of the domain is not a valid international name (UTS #46).", 0);
        return false;
    }

    // UTS #46 drops soft hyphens, joiners and variation selectors without a word. What cannot be seen is refused
    // instead; the two joiners pass where their script needs them (CONTEXTJ, RFC 5892 appendix A), which ICU checks.
    private static bool AreMappable(ReadOnlySpan<char> text, out AddressError error)
    {
        Span<char> visible = stackalloc char[AddressLimits.Text];
        var length = text.Length;
        text.CopyTo(visible);
        visible[..length].ReplaceAny(Joiners, 'x');
        return CharacterRules.AreVisible(visible[..length], out error);
    }

    private static readonly System.Buffers.SearchValues<char> Joiners = System.Buffers.SearchValues.Create(
        "\u200C\u200D"
    );

    private static bool TryMapExactly(string text, ref string ascii, ref string unicode)
    {
        try
        {
            ascii = Mapping.GetAscii(text).ToLowerInvariant();
            unicode = Mapping.GetUnicode(ascii);
            if (ascii.Contains('.', StringComparison.Ordinal) || Mapping.GetAscii(unicode) != ascii)
                return false;
        }
        catch (ArgumentException) // IdnMapping has no Try form: this is its way to say no
        {
            return false;
        }

        if (!ascii.StartsWith("xn--", StringComparison.Ordinal))
            return unicode == ascii;
        return Punycode.TryDecode(ascii.AsSpan(4), out var decoded) && decoded == unicode && !Ascii.IsValid(unicode);
    }

    private static bool MapsSharpS()
    {
        try
        {
            return Mapping.GetAscii("faß.example") == "xn--fa-hia.example";
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
