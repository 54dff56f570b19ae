using System.Buffers;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Providers;

/// <summary>
/// Puts a provider's control fields on a message and takes out those that a tenant wrote: they would steer our account.
/// The body and all other fields keep their bytes and are not copied.
/// </summary>
internal static class StampedContent
{
    /// <summary>The message as pieces.</summary>
    /// <param name="message">As prepared.</param>
    /// <param name="ownPrefix">Fields whose names begin so are the provider's controls.</param>
    /// <param name="fields">Name and value of each control, ASCII without line breaks but proper folding.</param>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Stamp(
        MimeMessage message,
        string ownPrefix,
        IEnumerable<KeyValuePair<string, string>> fields
    )
    {
        var prepend = fields.Select(f => Line(f.Key, f.Value)).ToArray();
        var remove = message
            .Headers.Select(h => Encoding.ASCII.GetString(h.Name.Span))
            .Where(n => n.StartsWith(ownPrefix, StringComparison.OrdinalIgnoreCase))
            .Append(CarriedIds.Header)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToArray();
        return HeaderEdits.Slices(message, new HeaderChanges { Remove = remove, Prepend = prepend });
    }

    public static ReadOnlySequence<byte> Join(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        Piece? first = null;
        Piece? last = null;
        foreach (var piece in pieces)
        {
            last = new Piece(piece, last);
            first ??= last;
        }

        return first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    /// <summary>The bytes in one piece: without a copy where they are one already.</summary>
    public static ReadOnlyMemory<byte> Flat(ReadOnlySequence<byte> content) =>
        content.IsSingleSegment ? content.First : content.ToArray();

    private static HeaderLine Line(string name, string value) =>
        HeaderLine.TryCreate(name, value, out var line)
            ? line!
            : throw new InvalidOperationException($"the control field {name} cannot be written");

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
