namespace Gateway.Worker.Telemetry;

/// <summary>What the worker logs: ids, never a body, an address or a secret.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(1, LogLevel.Warning, "Due deliveries could not be claimed")]
    public static partial void ClaimFailed(ILogger log, Exception problem);

    [LoggerMessage(2, LogLevel.Error, "Delivery {Delivery} of message {Message}, tenant {Tenant}, was interrupted")]
    public static partial void DeliveryFailed(ILogger log, Exception problem, Guid tenant, Guid message, Guid delivery);

    [LoggerMessage(3, LogLevel.Error, "{Count} claimed rows of the queue have no delivery")]
    public static partial void ClaimsWithoutDelivery(ILogger log, int count);

    [LoggerMessage(4, LogLevel.Error, "The adapter of path {Path} threw for message {Message} of tenant {Tenant}")]
    public static partial void AdapterThrew(ILogger log, Exception problem, string path, Guid tenant, Guid message);

    [LoggerMessage(5, LogLevel.Warning, "Leases could not be kept: {Problem}")]
    public static partial void LeasesNotKept(ILogger log, string problem);

    [LoggerMessage(
        6,
        LogLevel.Warning,
        "{Requeued} leases of workers that went away are due again; {Unknown} had begun and are unknown"
    )]
    public static partial void LeasesExpired(ILogger log, int requeued, int unknown);

    [LoggerMessage(7, LogLevel.Information, "Days of the ledger made ahead; dropped: {Dropped}")]
    public static partial void UpkeepDone(ILogger log, string dropped);

    [LoggerMessage(8, LogLevel.Error, "Upkeep failed and will be tried again")]
    public static partial void UpkeepFailed(ILogger log, Exception problem);

    [LoggerMessage(9, LogLevel.Warning, "The queue was not counted, its gauges show nothing: {Problem}")]
    public static partial void NotCounted(ILogger log, string problem);

    [LoggerMessage(10, LogLevel.Information, "Migrations applied: {Names}")]
    public static partial void Migrated(ILogger log, string names);

    [LoggerMessage(11, LogLevel.Error, "Message {Message} of tenant {Tenant} cannot be prepared; it is held")]
    public static partial void CannotPrepare(ILogger log, Exception problem, Guid tenant, Guid message);
}
