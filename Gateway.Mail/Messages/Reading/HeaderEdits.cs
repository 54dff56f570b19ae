using System.Buffers;

namespace Gateway.Mail.Messages;

/// <summary>What to change in a message's own header section.</summary>
public sealed record HeaderChanges
{
    /// <summary>Fields to leave out, every one of that name. Bcc and Resent-Bcc are always left out.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];

    /// <summary>Fields to put before all others, in this order.</summary>
    public IReadOnlyList<HeaderLine> Prepend { get; init; } = [];

    /// <summary>
    /// Each takes the place of the first field of its name; further ones of that name are left out. Where there is
    /// none, it is added after the last field.
    /// </summary>
    public IReadOnlyList<HeaderLine> Replace { get; init; } = [];
}

/// <summary>
/// Header edits in place: the result is slices of the given message and the new lines. What is not changed keeps its
/// bytes; the body is never copied.
/// </summary>
public static class HeaderEdits
{
    // RFC 5322 §3.6.3: nobody may learn from a Bcc field who else got the message.
    private static readonly string[] AlwaysRemoved = ["bcc", "resent-bcc"];

    /// <summary>The edited message as pieces in order.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Slices(MimeMessage message, HeaderChanges changes)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        var bytes = message.Bytes;
        // What stands before the first field and is none must not become the continuation of a new one.
        var from =
            message.Headers.Length > 0 ? message.Headers[0].Field.Start.Value : message.Root.HeaderRange.End.Value;
        Add(pieces, bytes[..from]);
        if (changes.Prepend.Count > 0 && !EndsInLine(bytes.Span[..from]))
        {
            pieces.Add("\r\n"u8.ToArray());
        }

        pieces.AddRange(changes.Prepend.Select(line => line.Bytes));
        var replaced = new bool[changes.Replace.Count];
        foreach (var field in message.Headers)
        {
            var replacement = Find(changes.Replace, field);
            if (replacement < 0 && !IsRemoved(changes.Remove, field))
            {
                continue;
            }

            Add(pieces, bytes[from..field.Field.Start.Value]);
            from = field.Field.End.Value;
            if (replacement >= 0 && !replaced[replacement])
            {
                replaced[replacement] = true;
                pieces.Add(changes.Replace[replacement].Bytes);
            }
        }

        var headerEnd = message.Root.HeaderRange.End.Value;
        Add(pieces, bytes[from..headerEnd]);
        AddMissing(pieces, changes.Replace, replaced, EndsInLine(bytes.Span[..headerEnd]));
        Add(pieces, bytes[headerEnd..]);
        return pieces;
    }

    public static void Write(MimeMessage message, HeaderChanges changes, IBufferWriter<byte> output)
    {
        foreach (var piece in Slices(message, changes))
        {
            output.Write(piece.Span);
        }
    }

    private static void AddMissing(
        List<ReadOnlyMemory<byte>> pieces,
        IReadOnlyList<HeaderLine> lines,
        bool[] done,
        bool ended
    )
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (!done[i])
            {
                // A message that is cut off inside its last field: that field needs its line end first.
                pieces.AddRange(ended ? [] : [(ReadOnlyMemory<byte>)"\r\n"u8.ToArray()]);
                ended = true;
                pieces.Add(lines[i].Bytes);
            }
        }
    }

    private static bool EndsInLine(ReadOnlySpan<byte> header) => header.IsEmpty || header[^1] == '\n';

    private static int Find(IReadOnlyList<HeaderLine> lines, HeaderSlice field)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (field.NameIs(lines[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsRemoved(IReadOnlyList<string> names, HeaderSlice field) =>
        AlwaysRemoved.Any(name => field.NameIs(name)) || names.Any(name => field.NameIs(name));

    private static void Add(List<ReadOnlyMemory<byte>> pieces, ReadOnlyMemory<byte> piece)
    {
        if (!piece.IsEmpty)
        {
            pieces.Add(piece);
        }
    }
}
