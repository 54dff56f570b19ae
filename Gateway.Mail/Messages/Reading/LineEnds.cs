namespace Gateway.Mail.Messages;

/// <summary>The reader takes CRLF, and LF alone, as a line end; what the doors let in has CRLF only.</summary>
internal static class LineEnds
{
    /// <summary>Bytes of the line end at the end of <paramref name="bytes"/>: 0, 1 or 2.</summary>
    public static int TrailingLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] != '\n')
        {
            return 0;
        }

        return bytes.Length > 1 && bytes[^2] == '\r' ? 2 : 1;
    }

    /// <summary>The offset after the line that starts at <paramref name="start"/>.</summary>
    public static int Next(ReadOnlySpan<byte> bytes, int start)
    {
        var length = bytes[start..].IndexOf((byte)'\n');
        return length < 0 ? bytes.Length : start + length + 1;
    }
}
