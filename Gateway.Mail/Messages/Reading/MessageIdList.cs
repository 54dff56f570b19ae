using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Message-ID, In-Reply-To, References, Content-ID: msg-id = "&lt;" id-left "@" id-right "&gt;" (RFC 5322 §3.6.4).</summary>
public static class MessageIdList
{
    /// <summary>
    /// The ids without their angle brackets, in order, at most <paramref name="max"/>. A bare word with "@" counts as
    /// one too; other words (RFC 5322 §4.5.4 allows a phrase) do not. Never throws.
    /// </summary>
    public static IReadOnlyList<string> Parse(ReadOnlySpan<byte> rawValue, int max = 1_000)
    {
        var ids = new List<string>();
        for (var at = 0; at < rawValue.Length && ids.Count < max; )
        {
            switch (rawValue[at])
            {
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',' or (byte)';':
                    at++;
                    break;
                case (byte)'(':
                    at = Comments.Skip(rawValue, at);
                    break;
                case (byte)'<':
                    at = Bracketed(rawValue, at + 1, ids);
                    break;
                default:
                    at = Bare(rawValue, at, ids);
                    break;
            }
        }

        return ids;
    }

    private static int Bracketed(ReadOnlySpan<byte> text, int at, List<string> ids)
    {
        var length = text[at..].IndexOf((byte)'>');
        var id = length < 0 ? text[at..] : text.Slice(at, length);

        // A long id may be folded; white space is never part of one.
        var kept = Unspaced(id);
        if (kept.Length > 0)
        {
            ids.Add(kept);
        }

        return length < 0 ? text.Length : at + length + 1;
    }

    private static int Bare(ReadOnlySpan<byte> text, int at, List<string> ids)
    {
        var length = text[at..].IndexOfAny(" \t\r\n,;<("u8);
        var word = length < 0 ? text[at..] : text.Slice(at, length);
        if (word.Contains((byte)'@'))
        {
            ids.Add(HeaderSafe.Text(Encoding.UTF8.GetString(word)));
        }

        return at + Math.Max(1, word.Length);
    }

    private static string Unspaced(ReadOnlySpan<byte> id)
    {
        var to = new byte[id.Length];
        var length = 0;
        foreach (var c in id)
        {
            if (c is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                to[length++] = c;
            }
        }

        return HeaderSafe.Text(Encoding.UTF8.GetString(to, 0, length));
    }
}
