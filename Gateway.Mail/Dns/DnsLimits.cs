namespace Gateway.Mail.Dns;

/// <summary>Bounds of everything that comes from the network.</summary>
internal static class DnsLimits
{
    /// <summary>RFC 1035 §4.1.1.</summary>
    public const int Header = 12;

    /// <summary>RFC 1035 §2.3.4: octets of a name on the wire, length octets and root included.</summary>
    public const int Name = 255;

    /// <summary>RFC 1035 §2.3.4.</summary>
    public const int Label = 63;

    /// <summary>No name has more labels, so no honest one is spread over more places of a message.</summary>
    public const int Pointers = 127;

    /// <summary>Characters of a name as text: each of its octets may be written as \DDD.</summary>
    public const int NameText = 4 * Name;

    /// <summary>
    /// Records of one message. An answer that we ask for has a handful; each may unfold to a name of 255 octets, so the
    /// bound is one of memory.
    /// </summary>
    public const int Records = 1_024;

    /// <summary>What we say we can take by UDP (RFC 6891 §6.2.3): fits one packet of IPv6 without fragments.</summary>
    public const ushort UdpPayload = 1_232;

    /// <summary>What we take all the same: some servers know no bound.</summary>
    public const int UdpBuffer = 4_096;

    /// <summary>The length before a message over TCP has 16 bits (RFC 1035 §4.2.2).</summary>
    public const int TcpMessage = 65_535;

    /// <summary>
    /// CNAMEs followed for one question. RFC 1034 §3.6.2 wants loops caught; large resolvers end between 8 and 16.
    /// </summary>
    public const int Aliases = 16;

    /// <summary>
    /// Packets on our socket that answer something else. Somebody is guessing: ask by TCP, where guessing is no use.
    /// </summary>
    public const int Strays = 16;

    /// <summary>Questions under way at once; further ones wait for a place.</summary>
    public const int Questions = 256;

    /// <summary>Answers kept; each is small, because a message is.</summary>
    public const int CachedAnswers = 4_096;

    /// <summary>An answer is asked again after this time whatever its TTL says: DKIM keys are re-fetched hourly.</summary>
    public static readonly TimeSpan LongestTtl = TimeSpan.FromHours(1);

    /// <summary>RFC 2308 §5 allows three hours; a tenant who has just published a record waits for this one.</summary>
    public static readonly TimeSpan LongestNegativeTtl = TimeSpan.FromMinutes(5);

    /// <summary>Servers of one configuration; as in resolv.conf, more would only make a failure slower.</summary>
    public const int Servers = 8;
}
