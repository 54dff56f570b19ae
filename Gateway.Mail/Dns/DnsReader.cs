using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Dns;

/// <summary>A place in a packet. Nothing is read past the end, and a name always ends.</summary>
internal ref struct DnsReader(ReadOnlySpan<byte> packet, int position)
{
    private readonly ReadOnlySpan<byte> packet = packet;

    public int Position { get; private set; } = position;

    public readonly bool AtEnd => Position == packet.Length;

    public bool TryReadByte(out byte value)
    {
        value = 0;
        if (Position >= packet.Length)
            return false;
        value = packet[Position++];
        return true;
    }

    public bool TryReadUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(packet[Position..], out value))
            return false;
        Position += 2;
        return true;
    }

    public bool TryReadUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(packet[Position..], out value))
            return false;
        Position += 4;
        return true;
    }

    public bool TryReadBytes(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > packet.Length - Position)
            return false;
        bytes = packet.Slice(Position, length);
        Position += length;
        return true;
    }

    /// <summary>Reads a name and follows its pointers (RFC 1035 §4.1.4).</summary>
    public bool TryReadName([NotNullWhen(true)] out DnsName? name)
    {
        name = null;
        Span<byte> wire = stackalloc byte[DnsLimits.Name];
        var (length, at, earliest, after, pointers) = (0, Position, Position, -1, 0);
        while (at < packet.Length)
        {
            var first = packet[at];
            if (first >= 0xC0)
            {
                if (at + 1 >= packet.Length || pointers++ == DnsLimits.Pointers)
                    return false;
                var target = ((first & 0x3F) << 8) | packet[at + 1];
                after = after < 0 ? at + 2 : after;
                // "A prior occurrence of the same name": each jump goes further back, so there is no way round in circles.
                if (target >= earliest || target < DnsLimits.Header)
                    return false;
                earliest = at = target;
                continue;
            }

            // RFC 6891 §5: the other two kinds of label are no longer made.
            if (first > DnsLimits.Label || at + first + 1 > packet.Length || length + first + 1 > DnsLimits.Name)
                return false;
            packet.Slice(at, first + 1).CopyTo(wire[length..]);
            length += first + 1;
            at += first + 1;
            if (first == 0)
            {
                Position = after < 0 ? at : after;
                name = new DnsName(wire[..length].ToArray());
                return true;
            }
        }

        return false;
    }
}
