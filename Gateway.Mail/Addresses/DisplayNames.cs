using System.Buffers;
using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>What a display name may hold: any Unicode text except controls (RFC 5322 §3.2.5, RFC 6532 §3.2).</summary>
internal static class DisplayNames
{
    /// <summary>In UTF-16 units. Far beyond any name that a mail program shows, far below the limit of a header field.</summary>
    public const int MaxLength = 4_096;

    /// <summary>False if the name could not stand in a header as it is; nothing is ever stripped.</summary>
    public static bool AreAccepted(ReadOnlySpan<char> name, out AddressError error)
    {
        if (name.Length > MaxLength)
        {
            error = new("name_too_long", $"A display name has at most {MaxLength} characters.", MaxLength);
            return false;
        }

        var control = name.IndexOfAny(Controls);
        if (control >= 0)
        {
            error = new(
                "control_character",
                "A display name holds no line break, tab, NUL or other control character.",
                control
            );
            return false;
        }

        return IsUnicode(name, out error);
    }

    /// <summary>A name from a received header, made showable: each control becomes U+FFFD.</summary>
    public static string MakeShowable(string name)
    {
        if (!name.AsSpan().ContainsAny(Controls))
            return name;
        return string.Create(
            name.Length,
            name,
            static (span, from) =>
            {
                from.CopyTo(span);
                span.ReplaceAny(Controls, '\uFFFD');
            }
        );
    }

    /// <summary>False if half of a surrogate pair stands alone.</summary>
    public static bool IsUnicode(ReadOnlySpan<char> name, out AddressError error)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (!char.IsSurrogate(name[i]))
                continue;
            if (i + 1 == name.Length || !char.IsSurrogatePair(name[i], name[i + 1]))
            {
                error = new("not_unicode", "The text holds half of a surrogate pair.", i);
                return false;
            }

            i++;
        }

        error = default;
        return true;
    }

    private static readonly SearchValues<char> Controls = SearchValues.Create(
        string.Create(
            33,
            0,
            static (span, _) =>
            {
                for (var i = 0; i < 32; i++)
                    span[i] = (char)i;
                span[32] = '\x7f';
            }
        )
    );
}
