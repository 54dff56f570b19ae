using System.Buffers;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>The same octets in segments of a given or random size, with empty ones between.</summary>
internal sealed class Pieces : ReadOnlySequenceSegment<byte>
{
    public static ReadOnlySequence<byte> Of(byte[] bytes, int size) => Of(bytes, () => size);

    public static ReadOnlySequence<byte> Of(byte[] bytes, Func<int> nextSize)
    {
        var head = new Pieces();
        var last = head;
        for (var at = 0; at < bytes.Length; )
        {
            var some = Math.Min(nextSize(), bytes.Length - at);
            last = last.Then(bytes.AsMemory(at, some)).Then(default);
            at += some;
        }

        return new ReadOnlySequence<byte>(head, 0, last, last.Memory.Length);
    }

    private Pieces Then(ReadOnlyMemory<byte> memory)
    {
        var next = new Pieces { Memory = memory, RunningIndex = RunningIndex + Memory.Length };
        Next = next;
        return next;
    }
}
