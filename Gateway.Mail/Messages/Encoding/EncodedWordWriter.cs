using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Writes any text as RFC 2047 encoded-words in UTF-8: each at most 75 characters, none splitting a character, on
/// lines of at most 76; B or Q, whichever is shorter for the whole text.
/// </summary>
internal static class EncodedWordWriter
{
    // "=?utf-8?q?" and "?="
    private const int Frame = 12;

    // RFC 2047 §2
    private const int LongestWord = 75;
    private const int LongestLine = 76;

    // Less room than this at the end of a line is not worth another word.
    private const int WorthUsing = 16;

    // RFC 2047 §5 rule 3: the characters that Q may leave as they are in a phrase, the strictest place.
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        "!*+-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8
    );

    public static void Write(ref HeaderWriter header, ReadOnlySpan<char> text)
    {
        var base64 = IsBase64Shorter(text);
        Span<byte> raw = stackalloc byte[LongestWord];
        Span<char> word = stackalloc char[LongestWord];
        while (!text.IsEmpty)
        {
            var room = Math.Min(LongestWord, LongestLine - header.Column - 1) - Frame;
            if (room < WorthUsing)
            {
                header.Fold();
                room = LongestWord - Frame;
            }

            var bytes = Take(ref text, base64, room, raw);
            header.Append(" ");
            header.Append(word[..Compose(raw[..bytes], base64, word)]);
        }
    }

    // As many whole characters as fit into the room.
    private static int Take(ref ReadOnlySpan<char> text, bool base64, int room, scoped Span<byte> raw)
    {
        var bytes = 0;
        var cost = 0;
        Span<byte> one = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf16(text, out var rune, out var used); // no lone surrogates: the types exclude them
            var size = rune.EncodeToUtf8(one);
            cost = base64 ? (bytes + size + 2) / 3 * 4 : cost + QCost(one[..size]);
            if (cost > room)
                break;
            one[..size].CopyTo(raw[bytes..]);
            bytes += size;
            text = text[used..];
        }

        return bytes;
    }

    private static int Compose(ReadOnlySpan<byte> raw, bool base64, Span<char> word)
    {
        var at = Frame - 2;
        (base64 ? "=?utf-8?b?" : "=?utf-8?q?").CopyTo(word);
        if (base64)
        {
            Convert.TryToBase64Chars(raw, word[at..], out var written);
            at += written;
        }
        else
        {
            foreach (var b in raw)
                at += AppendQ(b, word[at..]);
        }

        "?=".CopyTo(word[at..]);
        return at + 2;
    }

    private static int AppendQ(byte b, Span<char> word)
    {
        if (b == ' ' || Plain.Contains(b))
        {
            word[0] = b == ' ' ? '_' : (char)b; // RFC 2047 §4.2 (2)
            return 1;
        }

        word[0] = '=';
        word[1] = "0123456789ABCDEF"[b >> 4];
        word[2] = "0123456789ABCDEF"[b & 15];
        return 3;
    }

    private static int QCost(ReadOnlySpan<byte> bytes)
    {
        var cost = 0;
        foreach (var b in bytes)
            cost += b == ' ' || Plain.Contains(b) ? 1 : 3;
        return cost;
    }

    private static bool IsBase64Shorter(ReadOnlySpan<char> text)
    {
        var (bytes, q) = (0, 0);
        Span<byte> one = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var size = rune.EncodeToUtf8(one);
            bytes += size;
            q += QCost(one[..size]);
        }

        return Base64.GetMaxEncodedToUtf8Length(bytes) < q;
    }
}
