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

    [LoggerMessage(
        7,
        LogLevel.Information,
        "Days of the ledger made ahead; dropped: {Dropped}; contents gone: {Contents}"
    )]
    public static partial void UpkeepDone(ILogger log, string dropped, long contents);

    [LoggerMessage(8, LogLevel.Error, "Upkeep failed and will be tried again")]
    public static partial void UpkeepFailed(ILogger log, Exception problem);

    [LoggerMessage(9, LogLevel.Warning, "The queue was not counted, its gauges show nothing: {Problem}")]
    public static partial void NotCounted(ILogger log, string problem);

    [LoggerMessage(10, LogLevel.Information, "Migrations applied: {Names}")]
    public static partial void Migrated(ILogger log, string names);

    [LoggerMessage(11, LogLevel.Error, "Message {Message} of tenant {Tenant} cannot be prepared; it is held")]
    public static partial void CannotPrepare(ILogger log, Exception problem, Guid tenant, Guid message);

    [LoggerMessage(20, LogLevel.Warning, "Path {Path}: the circuit of {Scope} {Subject} opened: {Reason}")]
    public static partial void CircuitOpened(ILogger log, string path, string scope, string subject, string reason);

    [LoggerMessage(21, LogLevel.Information, "Path {Path}: the circuit of {Scope} {Subject} closed")]
    public static partial void CircuitClosed(ILogger log, string path, string scope, string subject);

    [LoggerMessage(22, LogLevel.Information, "Path {Path}: the canary came back {Outcome} at {Phase}")]
    public static partial void CanaryCameBack(ILogger log, string path, Mail.Outcome outcome, string phase);

    [LoggerMessage(23, LogLevel.Error, "Path {Path}: its adapter threw when it was asked")]
    public static partial void CanaryThrew(ILogger log, Exception problem, string path);

    [LoggerMessage(24, LogLevel.Warning, "Paths and routes could not be read, they stay as they were: {Problem}")]
    public static partial void PathsNotRead(ILogger log, string problem);

    [LoggerMessage(25, LogLevel.Error, "Path {Path} cannot be used: {Problems}")]
    public static partial void PathNotUsable(ILogger log, string path, string problems);

    [LoggerMessage(26, LogLevel.Warning, "What waits for a path was not woken and comes back by itself: {Problem}")]
    public static partial void NotWoken(ILogger log, string problem);

    [LoggerMessage(27, LogLevel.Warning, "Circuits are not shared with the other workers: {Problem}")]
    public static partial void CircuitsNotShared(ILogger log, string problem);

    [LoggerMessage(29, LogLevel.Warning, "Path {Path}: probation {Step} with {Share:P0} of its traffic: {Reason}")]
    public static partial void ProbationMoved(
        ILogger log,
        string path,
        Gateway.Routing.ProbationStep step,
        double share,
        string reason
    );

    [LoggerMessage(30, LogLevel.Error, "Path {Path} refuses many deliveries alike; they are held: {Reply}")]
    public static partial void MassBounce(ILogger log, string path, string reply);

    [LoggerMessage(31, LogLevel.Warning, "Unknown deliveries were not looked up: {Problem}")]
    public static partial void NotLookedUp(ILogger log, string problem);

    [LoggerMessage(32, LogLevel.Error, "Path {Path}: its adapter threw when it was asked for a mail")]
    public static partial void LookUpThrew(ILogger log, Exception problem, string path);

    [LoggerMessage(33, LogLevel.Warning, "Late mail was not looked for: {Problem}")]
    public static partial void DelaysNotSeen(ILogger log, string problem);

    [LoggerMessage(
        34,
        LogLevel.Error,
        "{Count} transactional deliveries are late for {After}; they wait for {WaitingFor}, their last path is {Path}"
    )]
    public static partial void MailIsLate(ILogger log, long count, string after, string waitingFor, string path);

    [LoggerMessage(28, LogLevel.Warning, "A change of a path was not written down: {Problem}")]
    public static partial void PathEventLost(ILogger log, string problem);
}
