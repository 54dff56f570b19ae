using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Gateway.Mail.Dkim;

/// <summary>
/// Finds the next octet at which a body may not be canonical, looking at each octet together with its two neighbours, a
/// vector at a time. Single spaces and ordinary line ends between content, which are nearly all there are, are passed
/// over; what is found is looked at exactly by the caller.
/// </summary>
internal static class SuspectOctet
{
    /// <summary>
    /// The first of: a tab; a space or LF before white space, a line end or the end of the text; an LF without CR.
    /// Some control characters are named too. -1 if there is none. <paramref name="at"/> is at least 1.
    /// </summary>
    public static int FindRelaxed(ReadOnlySpan<byte> text, int at)
    {
        ref var start = ref MemoryMarshal.GetReference(text);
        for (; at + Vector256<byte>.Count < text.Length; at += Vector256<byte>.Count)
        {
            var octet = Vector256.LoadUnsafe(ref start, (nuint)at);
            var low = Vector256.LessThanOrEqual(octet, Vector256.Create((byte)' '));
            if (low == Vector256<byte>.Zero)
            {
                continue;
            }

            var before = Vector256.LoadUnsafe(ref start, (nuint)at - 1);
            var after = Vector256.LoadUnsafe(ref start, (nuint)at + 1);
            var tab = Vector256.Equals(octet, Vector256.Create((byte)'\t'));
            var run = Vector256.LessThanOrEqual(after, Vector256.Create((byte)' '));
            var bareLf = Vector256.AndNot(
                Vector256.Equals(octet, Vector256.Create((byte)'\n')),
                Vector256.Equals(before, Vector256.Create((byte)'\r'))
            );
            var cr = Vector256.Equals(octet, Vector256.Create((byte)'\r'));
            var found = Vector256.AndNot(low & (tab | run | bareLf), cr).ExtractMostSignificantBits();
            if (found != 0)
            {
                return at + int.TrailingZeroCount((int)found);
            }
        }

        for (; at < text.Length; at++)
        {
            var octet = text[at];
            var isLast = at + 1 == text.Length;
            if (octet <= ' ' && octet != '\r' && (octet is (byte)'\t' or (byte)'\n' || isLast || text[at + 1] <= ' '))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>
    /// The first LF that has no CR before it, or has a line end or the end of the text behind it. -1 if there is none.
    /// <paramref name="at"/> is at least 1.
    /// </summary>
    public static int FindSimple(ReadOnlySpan<byte> text, int at)
    {
        ref var start = ref MemoryMarshal.GetReference(text);
        for (; at + Vector256<byte>.Count < text.Length; at += Vector256<byte>.Count)
        {
            var lf = Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)at), Vector256.Create((byte)'\n'));
            if (lf == Vector256<byte>.Zero)
            {
                continue;
            }

            var before = Vector256.LoadUnsafe(ref start, (nuint)at - 1);
            var after = Vector256.LoadUnsafe(ref start, (nuint)at + 1);
            var run =
                Vector256.Equals(after, Vector256.Create((byte)'\r'))
                | Vector256.Equals(after, Vector256.Create((byte)'\n'));
            var whole = Vector256.AndNot(Vector256.Equals(before, Vector256.Create((byte)'\r')), run);
            var found = Vector256.AndNot(lf, whole).ExtractMostSignificantBits();
            if (found != 0)
            {
                return at + int.TrailingZeroCount((int)found);
            }
        }

        var tail = text[Math.Min(at, text.Length)..].IndexOf((byte)'\n');
        return tail < 0 ? -1 : at + tail;
    }
}
