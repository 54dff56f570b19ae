namespace Gateway.Webhooks.Inbound;

/// <summary>What the providers' doors take of the host.</summary>
internal static class InboundLimits
{
    /// <summary>Bytes of one request. SendGrid's batches stay below a quarter of it.</summary>
    public const int MostBody = 4 << 20;

    /// <summary>Bytes of requests that are read or wait for their commit; beyond, providers are told to come again.</summary>
    public const long MostAtOnce = 64 << 20;

    /// <summary>Characters of a kept header.</summary>
    public const int LongestHeader = 1_024;

    /// <summary>Look-ups of names that no path is known to have, at once: guesses cost no more than that.</summary>
    public const int LookUpsAtOnce = 8;

    /// <summary>Requests that are read together, and their bytes; the first is taken whatever its size.</summary>
    public const int ClaimedAtOnce = 64;
    public const long BytesAtOnce = 1 << 20;

    /// <summary>A replica that died holds what it claimed for so long.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>When an event that came too early is brought again.</summary>
    public static readonly TimeSpan EarlyPause = TimeSpan.FromSeconds(1);

    /// <summary>Raw requests are kept for so long after they were read; tokens for 48 hours.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);

    /// <summary>Unreadable ones are kept longer: somebody is to look.</summary>
    public static readonly TimeSpan KeptUnread = TimeSpan.FromDays(30);
    public static readonly TimeSpan TokensKeptFor = TimeSpan.FromHours(48);

    /// <summary>How long to wait until an unreadable request is read again.</summary>
    public static TimeSpan PauseAfter(int tries) =>
        tries switch
        {
            0 => TimeSpan.FromMinutes(1),
            1 => TimeSpan.FromMinutes(10),
            2 => TimeSpan.FromHours(1),
            _ => TimeSpan.FromHours(6),
        };
}
