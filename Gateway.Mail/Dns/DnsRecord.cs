using System.Net;
using System.Text;

namespace Gateway.Mail.Dns;

/// <summary>One record of a message.</summary>
/// <param name="Name">Whose record it is.</param>
/// <param name="Type">What it tells.</param>
/// <param name="Class">1 is the Internet (RFC 1035 §3.2.4).</param>
/// <param name="Ttl">How long it may be kept.</param>
/// <param name="Data">What it says.</param>
public sealed record DnsRecord(DnsName Name, DnsType Type, ushort Class, TimeSpan Ttl, DnsData Data)
{
    internal const ushort Internet = 1;
}

/// <summary>What a record says, by its type.</summary>
public abstract record DnsData
{
    private DnsData() { }

    /// <summary>A and AAAA.</summary>
    public sealed record Address(IPAddress Value) : DnsData;

    /// <summary>CNAME, NS and PTR: another name.</summary>
    public sealed record Host(DnsName Name) : DnsData;

    /// <summary>MX (RFC 1035 §3.3.9).</summary>
    public sealed record Exchange(ushort Preference, DnsName Name) : DnsData;

    /// <summary>TXT: character-strings of any octets.</summary>
    public sealed record Text(IReadOnlyList<ReadOnlyMemory<byte>> Strings) : DnsData
    {
        /// <summary>All strings as one, as SPF, DKIM and DMARC read them (RFC 7208 §3.3, RFC 6376 §3.6.2.2).</summary>
        public string Joined => string.Concat(Strings.Select(s => Encoding.UTF8.GetString(s.Span)));
    }

    /// <summary>SOA; the times in seconds (RFC 1035 §3.3.13).</summary>
    public sealed record Authority(
        DnsName Server,
        DnsName Mailbox,
        uint Serial,
        uint Refresh,
        uint Retry,
        uint Expire,
        uint Minimum
    ) : DnsData;

    /// <summary>Any other type, CAA among them: its octets.</summary>
    public sealed record Opaque(ReadOnlyMemory<byte> Value) : DnsData;
}
