namespace Gateway.Api.Acceptance;

/// <summary>What one submission may hold; each limit is named in the error of whoever goes beyond it.</summary>
public static class MessageLimits
{
    /// <summary>Of a request: 25 MiB in base64 with room for the text.</summary>
    public const long RequestBytes = 36L << 20;

    /// <summary>Of text, HTML and attachments once decoded: what the big receivers take.</summary>
    public const long MessageBytes = 25L << 20;
    public const int Recipients = 1_000;
    public const int Tags = 10;
    public const int TagLength = 64;
    public const int MetadataEntries = 20;
    public const int MetadataKeyLength = 40;
    public const int MetadataValueLength = 500;
    public const int Headers = 100;
    public const int ReplyTo = 100;

    /// <summary>Well inside what readers of mail take: many stop at 500 parts.</summary>
    public const int Attachments = 400;

    /// <summary>
    /// Names, values and brackets in the JSON of one message: thrice what all other limits together allow. Three bytes
    /// of JSON may become an object of fifty, so this is counted before any is made.
    /// </summary>
    public const int JsonTokens = 50_000;
    public const int BatchItems = 500;
    public const int IdempotencyKeyLength = 255;
    public static readonly TimeSpan SendAhead = TimeSpan.FromDays(30);

    /// <summary>Clocks differ: a <c>send_at</c> this little in the past is now.</summary>
    public static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(1);
}
