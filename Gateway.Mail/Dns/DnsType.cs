namespace Gateway.Mail.Dns;

/// <summary>Types of records that we ask for or read (RFC 1035 §3.2.2); any other value is carried as it is.</summary>
public enum DnsType : ushort
{
    None = 0,
    A = 1,
    Ns = 2,
    Cname = 5,
    Soa = 6,
    Ptr = 12,
    Mx = 15,
    Txt = 16,

    /// <summary>RFC 3596 §2.1.</summary>
    Aaaa = 28,

    /// <summary>RFC 6891 §6.1: no record of a zone but a remark about the message.</summary>
    Opt = 41,

    /// <summary>RFC 8659.</summary>
    Caa = 257,
}

/// <summary>RFC 1035 §4.1.1 and RFC 6891 §6.1.3.</summary>
public enum DnsResponseCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,

    /// <summary>NXDOMAIN.</summary>
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,

    /// <summary>BADVERS.</summary>
    BadVersion = 16,
}
