using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Mail.Dns;

/// <summary>What a packet is to the question that was asked.</summary>
internal enum ReplyMatch
{
    /// <summary>The answer to another question, or a guess.</summary>
    Stray,

    /// <summary>Right but for the letters' case: a server that does not copy the question, or a good guess.</summary>
    CaseDiffers,
    Ours,
}

/// <summary>
/// One question on the wire. Who cannot see it must guess its id (16 bits), the port it came from, and the case of each
/// letter of its name (draft-vixie-dnsext-dns0x20); all three are drawn by the system's secure generator.
/// </summary>
internal sealed class DnsQuery
{
    // A question's type and class.
    private const int TypeAndClass = 4;
    private const ushort RecursionDesired = 0x0100;
    private readonly byte[] packet;
    private readonly int questionEnd;

    private DnsQuery(byte[] packet, int questionEnd) => (this.packet, this.questionEnd) = (packet, questionEnd);

    public ReadOnlyMemory<byte> Packet => packet;

    public static DnsQuery Create(DnsQuestion question, bool withEdns)
    {
        var name = question.Name.Wire;
        var end = DnsLimits.Header + name.Length + TypeAndClass;
        var bytes = new byte[end + (withEdns ? 11 : 0)];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, 2));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), RecursionDesired);
        bytes[5] = 1;
        MixCase(name, bytes.AsSpan(DnsLimits.Header));
        var at = bytes.AsSpan(DnsLimits.Header + name.Length);
        BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)question.Type);
        BinaryPrimitives.WriteUInt16BigEndian(at[2..], DnsRecord.Internet);
        if (withEdns)
        {
            // RFC 6891 §6.1.2: the root's name, the type, our payload size in place of the class, and nothing else.
            bytes[11] = 1;
            BinaryPrimitives.WriteUInt16BigEndian(at[5..], (ushort)DnsType.Opt);
            BinaryPrimitives.WriteUInt16BigEndian(at[7..], DnsLimits.UdpPayload);
        }

        return new DnsQuery(bytes, end);
    }

    /// <summary>Whether a packet answers this question: its id, and the question as we wrote it, letter by letter.</summary>
    public ReplyMatch Match(ReadOnlySpan<byte> reply)
    {
        if (
            !DnsHead.TryRead(reply, out var head)
            || head.Id != BinaryPrimitives.ReadUInt16BigEndian(packet)
            || !head.IsResponse
            || head.Opcode != 0
            || head.Questions != 1
            || reply.Length < questionEnd
        )
            return ReplyMatch.Stray;

        ReadOnlySpan<byte> asked = packet.AsSpan(DnsLimits.Header..questionEnd);
        var repeated = reply[DnsLimits.Header..questionEnd];
        if (asked.SequenceEqual(repeated))
            return ReplyMatch.Ours;
        return
            DnsName.AreEqual(asked[..^TypeAndClass], repeated[..^TypeAndClass])
            && asked[^TypeAndClass..].SequenceEqual(repeated[^TypeAndClass..])
            ? ReplyMatch.CaseDiffers
            : ReplyMatch.Stray;
    }

    private static void MixCase(ReadOnlySpan<byte> name, Span<byte> mixed)
    {
        Span<byte> chance = stackalloc byte[DnsLimits.Name];
        chance = chance[..name.Length];
        RandomNumberGenerator.Fill(chance);
        for (var i = 0; i < name.Length; i++)
        {
            var folded = DnsName.Fold(name[i]);
            var isLetter = folded is >= (byte)'a' and <= (byte)'z';
            mixed[i] = isLetter && (chance[i] & 1) == 1 ? (byte)(folded ^ 0x20) : folded;
        }
    }
}
