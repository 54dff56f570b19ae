using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Dns;

/// <summary>Reads the sections of a packet (RFC 1035 §4.1). Every count is checked against a limit before it is believed.</summary>
internal static class DnsDecoder
{
    // RFC 2181 §8: a TTL with its highest bit set is zero.
    private const uint MaxTtl = 0x7FFF_FFFF;

    public static bool TryDecode(
        ReadOnlySpan<byte> packet,
        [NotNullWhen(true)] out DnsMessage? message,
        out DnsRefusal refusal
    )
    {
        message = null;
        refusal = default;
        if (!DnsHead.TryRead(packet, out var head))
            return Refuse("a message has a head of 12 octets", packet.Length, out refusal);

        if (head.Questions > 1)
            return Refuse("a message asks one question", 4, out refusal);

        if (head.Answers + head.Authorities + head.Additionals > DnsLimits.Records)
            return Refuse("a message has at most 1,024 records", 6, out refusal);

        var reader = new DnsReader(packet, DnsLimits.Header);
        var questions = new List<DnsQuestion>(1);
        if (head.Questions == 1)
        {
            if (
                !reader.TryReadName(out var name)
                || !reader.TryReadUInt16(out var type)
                || !reader.TryReadUInt16(out _)
            )
                return Refuse("a question is a name, a type and a class", reader.Position, out refusal);
            questions.Add(new DnsQuestion(name, (DnsType)type));
        }

        var code = head.Code;
        if (
            !TryReadSection(ref reader, packet, head.Answers, ref code, out var answers)
            || !TryReadSection(ref reader, packet, head.Authorities, ref code, out var authorities)
            || !TryReadSection(ref reader, packet, head.Additionals, ref code, out var additionals)
        )
            return Refuse("a record is a name, ten octets and its data", reader.Position, out refusal);

        if (!reader.AtEnd)
            return Refuse("nothing follows the last record", reader.Position, out refusal);

        message = new DnsMessage
        {
            Id = head.Id,
            IsResponse = head.IsResponse,
            Opcode = head.Opcode,
            IsAuthoritative = head.IsAuthoritative,
            IsTruncated = head.IsTruncated,
            RecursionAvailable = head.RecursionAvailable,
            Code = (DnsResponseCode)code,
            Questions = questions,
            Answers = answers,
            Authorities = authorities,
            Additionals = additionals,
        };
        return true;
    }

    private static bool Refuse(string rule, int offset, out DnsRefusal refusal)
    {
        refusal = new DnsRefusal(rule, offset);
        return false;
    }

    private static bool TryReadSection(
        ref DnsReader reader,
        ReadOnlySpan<byte> packet,
        int count,
        ref int code,
        out List<DnsRecord> records
    )
    {
        records = [];
        for (var i = 0; i < count; i++)
        {
            if (
                !reader.TryReadName(out var name)
                || !reader.TryReadUInt16(out var type)
                || !reader.TryReadUInt16(out var @class)
                || !reader.TryReadUInt32(out var ttl)
                || !reader.TryReadUInt16(out var length)
            )
                return false;

            var start = reader.Position;
            if (!reader.TryReadBytes(length, out _))
                return false;

            if ((DnsType)type == DnsType.Opt)
            {
                // RFC 6891 §6.1.3: its TTL holds the upper eight bits of the response code.
                code |= (int)(ttl >> 24) << 4;
                continue;
            }

            var data = RecordData.Read(packet[..reader.Position], start, (DnsType)type);
            if (data is null)
                return false;
            var seconds = ttl > MaxTtl ? 0 : ttl;
            records.Add(new DnsRecord(name, (DnsType)type, @class, TimeSpan.FromSeconds(seconds), data));
        }

        return true;
    }
}
