using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Writes MIME parameters (RFC 2045 §5.1): as a token or quoted where every reader understands it, else by RFC 2231 in
/// UTF-8, in numbered sections where one line is too short.
/// </summary>
internal static class ParameterWriter
{
    // "; name*99*=" and the value of one section stay within 78 columns.
    private const int LongestValue = 54;

    // RFC 2231 §7: attribute-char, less what RFC 5987 leaves out of its own
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        "!#$&+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"u8
    );

    public static void Write(ref HeaderWriter header, string name, ReadOnlySpan<char> value)
    {
        header.Append(";");
        if (AttachmentType.IsToken(value) && CanBeQuoted(value))
        {
            header.Space(name.Length + 1 + value.Length + 1);
            header.Append(name);
            header.Append("=");
            header.Append(value);
        }
        else if (CanBeQuoted(value))
        {
            header.Space(name.Length + 3 + value.Length + 1);
            header.Append(name);
            header.Append("=\"");
            header.Append(value);
            header.Append("\"");
        }
        else
        {
            WriteExtended(ref header, name, value);
        }
    }

    // Escapes inside quotes, runs of spaces, look-alikes of encoded-words and of RFC 2231 are read differently by
    // different programs.
    private static bool CanBeQuoted(ReadOnlySpan<char> value) =>
        value.Length <= LongestValue
        && HeaderTextWriter.IsPlain(value, LongestValue)
        && !value.ContainsAny("\"\\*'%")
        && !value.Contains("  ", StringComparison.Ordinal);

    private static void WriteExtended(ref HeaderWriter header, string name, ReadOnlySpan<char> value)
    {
        Span<char> section = stackalloc char[LongestValue];
        var isWhole = EncodedLength(value) <= LongestValue;
        for (var number = 0; number == 0 || !value.IsEmpty; number++)
        {
            var length = Take(ref value, section);
            var label = isWhole ? $"{name}*=" : $"{name}*{number}*=";
            var charset = number == 0 ? "utf-8''" : ""; // RFC 2231 §4.1: only the first section names it
            if (number > 0)
                header.Append(";");
            header.Space(label.Length + charset.Length + length + 1);
            header.Append(label);
            header.Append(charset);
            header.Append(section[..length]);
        }
    }

    // Whole characters, percent-encoded, as many as fit into the section.
    private static int Take(ref ReadOnlySpan<char> value, scoped Span<char> section)
    {
        var length = 0;
        Span<byte> one = stackalloc byte[4];
        while (!value.IsEmpty)
        {
            Rune.DecodeFromUtf16(value, out var rune, out var used);
            var bytes = one[..rune.EncodeToUtf8(one)];
            if (length + Cost(bytes) > section.Length)
                break;
            foreach (var b in bytes)
            {
                if (Plain.Contains(b))
                {
                    section[length++] = (char)b;
                    continue;
                }

                section[length++] = '%';
                section[length++] = "0123456789ABCDEF"[b >> 4];
                section[length++] = "0123456789ABCDEF"[b & 15];
            }

            value = value[used..];
        }

        return length;
    }

    private static int EncodedLength(ReadOnlySpan<char> value)
    {
        var length = 0;
        Span<byte> one = stackalloc byte[4];
        foreach (var rune in value.EnumerateRunes())
            length += Cost(one[..rune.EncodeToUtf8(one)]);
        return length;
    }

    private static int Cost(ReadOnlySpan<byte> bytes)
    {
        var cost = 0;
        foreach (var b in bytes)
            cost += Plain.Contains(b) ? 1 : 3;
        return cost;
    }
}
