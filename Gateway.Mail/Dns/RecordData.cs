using System.Net;

namespace Gateway.Mail.Dns;

/// <summary>Reads the data of one record (RFC 1035 §3.3); it must fill its length exactly.</summary>
internal static class RecordData
{
    /// <summary>Null where the octets are none of this type.</summary>
    /// <param name="packet">The packet up to the end of the data, so that names may point back into it.</param>
    /// <param name="start">Where the data begins.</param>
    /// <param name="type">The record's type.</param>
    public static DnsData? Read(ReadOnlySpan<byte> packet, int start, DnsType type)
    {
        var reader = new DnsReader(packet, start);
        var data = type switch
        {
            DnsType.A => Address(packet[start..], 4),
            DnsType.Aaaa => Address(packet[start..], 16),
            DnsType.Cname or DnsType.Ns or DnsType.Ptr => reader.TryReadName(out var host)
                ? new DnsData.Host(host)
                : null,
            DnsType.Mx => reader.TryReadUInt16(out var preference) && reader.TryReadName(out var exchange)
                ? new DnsData.Exchange(preference, exchange)
                : null,
            DnsType.Txt => Text(ref reader),
            DnsType.Soa => Authority(ref reader),
            _ => (DnsData)new DnsData.Opaque(packet[start..].ToArray()),
        };
        return data is DnsData.Address or DnsData.Opaque || reader.AtEnd ? data : null;
    }

    private static DnsData.Address? Address(ReadOnlySpan<byte> bytes, int length) =>
        bytes.Length == length ? new DnsData.Address(new IPAddress(bytes)) : null;

    /// <summary>RFC 1035 §3.3.14: one or more character-strings.</summary>
    private static DnsData.Text? Text(ref DnsReader reader)
    {
        var strings = new List<ReadOnlyMemory<byte>>();
        while (!reader.AtEnd)
        {
            if (!reader.TryReadByte(out var length) || !reader.TryReadBytes(length, out var bytes))
                return null;
            strings.Add(bytes.ToArray());
        }

        return strings.Count == 0 ? null : new DnsData.Text(strings);
    }

    private static DnsData.Authority? Authority(ref DnsReader reader) =>
        reader.TryReadName(out var server)
        && reader.TryReadName(out var mailbox)
        && reader.TryReadUInt32(out var serial)
        && reader.TryReadUInt32(out var refresh)
        && reader.TryReadUInt32(out var retry)
        && reader.TryReadUInt32(out var expire)
        && reader.TryReadUInt32(out var minimum)
            ? new DnsData.Authority(server, mailbox, serial, refresh, retry, expire, minimum)
            : null;
}
