namespace Gateway.Webhooks.Inbound;

/// <summary>What the providers' doors log: paths and ids, never a body, an address or a secret.</summary>
internal static partial class InboundLogLines
{
    [LoggerMessage(1, LogLevel.Warning, "A request at the events of path {Path} is refused: {Why}")]
    public static partial void EventsRefused(ILogger log, string path, string why);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "Events of path {Path} cannot be believed or refused and are asked for again: {Why}"
    )]
    public static partial void EventsNotJudged(ILogger log, string path, string why);

    [LoggerMessage(3, LogLevel.Error, "Request {Inbound} of path {Path} cannot be read and is kept: {Why}")]
    public static partial void EventsUnreadable(ILogger log, Guid inbound, string path, string why);

    [LoggerMessage(4, LogLevel.Warning, "Providers' events are not worked on: {Problem}")]
    public static partial void EventsWait(ILogger log, string problem);

    [LoggerMessage(5, LogLevel.Warning, "Path {Path}: the provider says {What}")]
    public static partial void AccountNews(ILogger log, string path, string what);

    [LoggerMessage(
        6,
        LogLevel.Warning,
        "Events of path {Path} do not come back: {Answered} of {Sent} deliveries had one"
    )]
    public static partial void EventsMissing(ILogger log, string path, long answered, long sent);

    [LoggerMessage(7, LogLevel.Information, "Events of path {Path} come back again")]
    public static partial void EventsBack(ILogger log, string path);

    [LoggerMessage(8, LogLevel.Information, "{Count} events of path {Path} were fetched from the provider")]
    public static partial void EventsFetched(ILogger log, int count, string path);

    [LoggerMessage(9, LogLevel.Error, "The event settings of path {Path} are wrong: {Problems}")]
    public static partial void SettingsWrong(ILogger log, string path, string problems);
}
