using System.Buffers.Binary;

namespace Gateway.Mail.Dns;

/// <summary>The first twelve octets of a message (RFC 1035 §4.1.1).</summary>
internal readonly record struct DnsHead(
    ushort Id,
    ushort Flags,
    int Questions,
    int Answers,
    int Authorities,
    int Additionals
)
{
    public bool IsResponse => (Flags & 0x8000) != 0;
    public int Opcode => (Flags >> 11) & 0xF;
    public bool IsAuthoritative => (Flags & 0x0400) != 0;
    public bool IsTruncated => (Flags & 0x0200) != 0;
    public bool RecursionAvailable => (Flags & 0x0080) != 0;
    public int Code => Flags & 0xF;

    public static bool TryRead(ReadOnlySpan<byte> packet, out DnsHead head)
    {
        head = default;
        if (packet.Length < DnsLimits.Header)
            return false;
        head = new DnsHead(
            BinaryPrimitives.ReadUInt16BigEndian(packet),
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[6..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[10..])
        );
        return true;
    }
}
