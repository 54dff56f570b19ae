namespace Gateway.Mail.Messages;

/// <summary>
/// How much structure one message may have. Bytes are bounded by the door; these bound what the bytes may unfold to.
/// Real mail stays far below each of them (the largest in a corpus of 180 odd messages: depth 9, 60 parts, 90 fields).
/// </summary>
public sealed record MimeLimits
{
    public static MimeLimits Default { get; } = new();

    /// <summary>Open multiparts and enclosed messages at once. A consumer that recurses must survive it.</summary>
    public int MaxDepth { get; init; } = 50;

    /// <summary>Entities in the whole tree; each costs about 300 bytes of memory whatever its length.</summary>
    public int MaxParts { get; init; } = 500;

    /// <summary>Fields in one header section; a look-up by name walks them all.</summary>
    public int MaxHeaders { get; init; } = 1_000;

    /// <summary>Fields in all header sections together, so that parts × headers stays bounded too.</summary>
    public int MaxHeadersInAll { get; init; } = 10_000;

    /// <summary>Bytes of one field with its folding: an address list of 64 KiB still names 2,000 people.</summary>
    public int MaxHeaderBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes of one header section; the largest section that big providers take is 256 KiB or less.</summary>
    public int MaxHeaderSectionBytes { get; init; } = 256 * 1024;

    /// <summary>Parameters (RFC 2231 sections counted singly) of one Content-Type or Content-Disposition.</summary>
    public int MaxParameters { get; init; } = 100;
}

/// <summary>Which limit of <see cref="MimeLimits"/> a message breaks.</summary>
public enum MimeLimit
{
    Depth,
    Parts,
    Headers,
    HeadersInAll,
    HeaderBytes,
    HeaderSectionBytes,
    Parameters,
}

/// <summary>Why a message is not read further: the limit, its present value, and the byte offset where it broke.</summary>
public sealed record MimeRefusal(MimeLimit Limit, int Allowed, int Offset)
{
    public override string ToString() => $"more than {Allowed} {Words(Limit)} at byte {Offset}";

    private static string Words(MimeLimit limit) =>
        limit switch
        {
            MimeLimit.Depth => "nested parts",
            MimeLimit.Parts => "parts",
            MimeLimit.Headers => "header fields in one section",
            MimeLimit.HeadersInAll => "header fields in all",
            MimeLimit.HeaderBytes => "bytes in one header field",
            MimeLimit.HeaderSectionBytes => "bytes in one header section",
            _ => "parameters in one field",
        };
}
