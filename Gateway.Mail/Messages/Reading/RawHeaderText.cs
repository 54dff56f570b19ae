using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>From a field's raw value to text.</summary>
public static class RawHeaderText
{
    /// <summary>Removes each line end that white space follows (RFC 5322 §2.2.3), and white space at both ends; NUL is U+FFFD.</summary>
    public static string Unfold(ReadOnlySpan<byte> raw)
    {
        raw = raw.Trim(" \t\r\n"u8);
        var line = raw.ContainsAny((byte)'\r', (byte)'\n') ? Unfolded(raw, collapse: false) : raw;
        return HeaderSafe.Text(Encoding.UTF8.GetString(line));
    }

    /// <summary>The text a person reads: each fold with its white space one space, encoded words decoded (RFC 2047).</summary>
    public static string Decode(ReadOnlySpan<byte> raw) => HeaderWords.Decode(raw.Trim(" \t\r\n"u8));

    /// <summary>The items of a comma-separated field (Keywords, RFC 5322 §3.6.5), decoded; empty ones are left out.</summary>
    public static IReadOnlyList<string> DecodeList(ReadOnlySpan<byte> raw)
    {
        var items = new List<string>();
        foreach (var item in raw.Split((byte)','))
        {
            if (Decode(raw[item]) is { Length: > 0 } text)
            {
                items.Add(text);
            }
        }

        return items;
    }

    /// <summary>Each fold with the white space around it as one space; no decoding.</summary>
    internal static string Plain(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text.ContainsAny((byte)'\r', (byte)'\n') ? Unfolded(text, collapse: true) : text);

    private static ReadOnlySpan<byte> Unfolded(ReadOnlySpan<byte> raw, bool collapse)
    {
        var to = new byte[raw.Length];
        var length = 0;
        for (var at = 0; at < raw.Length; )
        {
            var run = raw[at..].IndexOfAny((byte)'\r', (byte)'\n');
            run = run < 0 ? raw.Length - at : run;
            raw.Slice(at, run).CopyTo(to.AsSpan(length));
            length += run;
            at += run;
            if (at == raw.Length)
            {
                break;
            }

            var lone = raw[at] == '\r' && (at + 1 == raw.Length || raw[at + 1] != '\n');
            if (collapse)
            {
                length = to.AsSpan(0, length).TrimEnd(" \t"u8).Length;
                at = raw.Length - raw[at..].TrimStart(" \t\r\n"u8).Length;
                to[length++] = (byte)' ';
            }
            else if (lone)
            {
                // A lone CR is no fold, and must not survive into text that a header may be made of.
                to[length++] = (byte)' ';
                at++;
            }
            else
            {
                at++;
            }
        }

        return to.AsSpan(0, length);
    }
}
