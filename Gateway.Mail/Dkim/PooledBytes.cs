using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>A growing buffer on rented memory for the canonical header, which is hashed in one call.</summary>
internal sealed class PooledBytes(int capacity) : IDisposable
{
    private byte[] array = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => array.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    public void Append(byte octet)
    {
        Reserve(1)[0] = octet;
        Length++;
    }

    public void Truncate(int length) => Length = length;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(array);
        array = [];
        Length = 0;
    }

    private Span<byte> Reserve(int count)
    {
        if (array.Length - Length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(array.Length * 2, Length + count));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(array);
            array = larger;
        }

        return array.AsSpan(Length);
    }
}
