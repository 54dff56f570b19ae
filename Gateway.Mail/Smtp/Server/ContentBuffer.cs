using System.Buffers;

namespace Gateway.Mail.Smtp.Server;

/// <summary>The bytes of one message in pooled blocks, up to a limit; what is beyond it is counted and dropped.</summary>
internal sealed class ContentBuffer(long limit, ContentBudget? budget = null) : IDisposable
{
    private const int FirstBlock = 8 * 1024;
    private const int LargestBlock = 256 * 1024;

    private Block? first;
    private Block? last;
    private int filled;
    private long taken;

    /// <summary>Octets that came, kept or not.</summary>
    public long Length { get; private set; }

    public bool IsOver => Length > limit;

    /// <summary>All messages together hold too much; of this one nothing is kept any more.</summary>
    public bool IsUnaffordable { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (IsOver || IsUnaffordable)
        {
            return;
        }

        while (!bytes.IsEmpty)
        {
            if (last is null || filled == last.Bytes.Length)
            {
                if (!Add())
                {
                    return;
                }
            }

            var part = Math.Min(bytes.Length, last!.Bytes.Length - filled);
            bytes[..part].CopyTo(last.Bytes.AsSpan(filled));
            filled += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>What was kept; valid until disposal.</summary>
    public ReadOnlySequence<byte> Content()
    {
        if (first is null)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        last!.Cut(filled);
        return new ReadOnlySequence<byte>(first, 0, last, filled);
    }

    public void Dispose()
    {
        for (var block = first; block is not null; block = (Block?)block.Next)
        {
            ArrayPool<byte>.Shared.Return(block.Bytes);
        }

        (first, last) = (null, null);
        budget?.Return(taken);
        taken = 0;
    }

    private bool Add()
    {
        var size = last is null ? FirstBlock : Math.Min(last.Bytes.Length * 2, LargestBlock);
        if (budget?.TryTake(size) == false)
        {
            IsUnaffordable = true;
            return false;
        }

        taken += budget is null ? 0 : size;
        var block = new Block(ArrayPool<byte>.Shared.Rent(size), (last?.RunningIndex ?? 0) + filled);
        last?.Link(block);
        first ??= block;
        (last, filled) = (block, 0);
        return true;
    }

    private sealed class Block : ReadOnlySequenceSegment<byte>
    {
        public Block(byte[] bytes, long index)
        {
            (Bytes, Memory, RunningIndex) = (bytes, bytes, index);
        }

        public byte[] Bytes { get; }

        public void Link(Block next) => Next = next;

        public void Cut(int length) => Memory = Bytes.AsMemory(0, length);
    }
}
