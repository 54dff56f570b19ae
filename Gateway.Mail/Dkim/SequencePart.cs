using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>Joins the signature fields and the message into one sequence without copying either.</summary>
internal sealed class SequencePart : ReadOnlySequenceSegment<byte>
{
    private SequencePart(ReadOnlyMemory<byte> memory, SequencePart? before)
    {
        Memory = memory;
        if (before is not null)
        {
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }

    public static ReadOnlySequence<byte> Join(ReadOnlyMemory<byte> first, ReadOnlySequence<byte> rest)
    {
        var head = new SequencePart(first, before: null);
        var last = head;
        foreach (var segment in rest)
        {
            last = new SequencePart(segment, last);
        }

        return new ReadOnlySequence<byte>(head, 0, last, last.Memory.Length);
    }
}
