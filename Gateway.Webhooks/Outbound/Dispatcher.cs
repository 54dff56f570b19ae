using Gateway.Subscriptions;
using Npgsql;

namespace Gateway.Webhooks.Outbound;

/// <summary>
/// Sends webhooks: one loop that alone touches the endpoints, with requests and look-ups at its side that only post what
/// they found. Each step of the loop takes what came, begins what is due, and sends what may be sent. Nobody waits for a
/// slow endpoint but its own events, and these wait in the ledger.
/// </summary>
internal sealed partial class Dispatcher(
    OutboundLedger ledger,
    WebhookClient client,
    OutboundSignals signals,
    OutboundOptions options,
    TimeProvider clock,
    ILogger<Dispatcher> log
) : BackgroundService
{
    /// <summary>Results that the ledger has not taken yet: with so many nothing more is sent.</summary>
    private const int MostUnwritten = 5_000;

    /// <summary>A paused subscription that resumes later than this does not get what is older.</summary>
    private static readonly TimeSpan PlaceKept = TimeSpan.FromDays(30);

    private static readonly TimeSpan LoopRest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FinishWithin = TimeSpan.FromSeconds(20);

    private readonly EndpointSet endpoints = new();
    private readonly List<(Endpoint Endpoint, string Reason, int? Status)> toSwitchOff = [];
    private readonly List<(Endpoint Endpoint, Guid EventId)> changedRows = [];
    private List<SendResult> results = [];
    private int inFlight;
    private long heldBytes;
    private long? keptAt;
    private OutboundFigures? figures;

    private readonly Job keep = new(options.AliveFor / 5, LoopRest, clock);
    private readonly Job look = new(options.Poll, LoopRest, clock);
    private readonly Job wholeLook = new(options.WholeLook, options.WholeLook, clock);
    private readonly Job due = new(TimeSpan.FromMilliseconds(500), LoopRest, clock);
    private readonly Job write = new(TimeSpan.FromSeconds(1), LoopRest, clock);
    private readonly Job replay = new(TimeSpan.FromSeconds(1), LoopRest, clock);
    private readonly Job show = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), clock);
    private readonly Job tick = new(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(15), clock);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        OutboundTelemetry.Show(() => Volatile.Read(ref figures), clock);
        using var requests = new CancellationTokenSource();
        while (!stoppingToken.IsCancellationRequested)
        {
            signals.RunPosted();
            BeginJobs();
            SendWhatMayBe(requests.Token);
            await signals.WaitAsync(LoopRest);
        }

        await FinishAsync(requests);
    }

    /// <summary>A replica that could not say that it lives may have lost what it had: it is silent until it could.</summary>
    private bool IsAlive => keptAt is { } at && clock.GetElapsedTime(at) < options.AliveFor * 0.8;

    private void SendWhatMayBe(CancellationToken stop)
    {
        if (!IsAlive || results.Count >= MostUnwritten)
        {
            return;
        }

        var now = clock.GetUtcNow();
        foreach (var endpoint in endpoints.All)
        {
            while (inFlight < options.MaxInFlight && endpoint.Next(now, Allowance) is { } item)
            {
                inFlight++;
                _ = Task.Run(() => SendAsync(endpoint, item, stop), CancellationToken.None);
            }

            if (endpoint is { HasMoreDue: true, DueCount: 0 })
            {
                due.Want();
            }

            if (endpoint.HasMore && endpoint.WantsEvents(now))
            {
                look.Want();
            }
        }
    }

    /// <summary>The fuller the replica, the fewer places has each endpoint: slow ones cannot take them all.</summary>
    private int Allowance =>
        inFlight < options.MaxInFlight / 2 ? options.Concurrency
        : inFlight < options.MaxInFlight * 3 / 4 ? Math.Max(1, options.Concurrency / 4)
        : 1;

    private async Task SendAsync(Endpoint endpoint, Outgoing item, CancellationToken stop)
    {
        var (at, began, to) = (clock.GetUtcNow(), clock.GetTimestamp(), endpoint.Config);
        WebhookAnswer answer;
        if (item.Told is null)
        {
            answer = new WebhookAnswer(WebhookResult.Aborted, Error: "the ledger holds this event no more");
        }
        else
        {
            using var span = OutboundTelemetry.StartSend(to, item);
            var body = WebhookPayload.Write(item.Told);
            answer = await client.SendAsync(to, item.EventId.ToString(), body, span?.Id ?? item.TraceParent, stop);
            span?.SetTag("gateway.result", answer.Result.ToString());
        }

        var took = clock.GetElapsedTime(began);
        signals.Post(() => Complete(endpoint, item, answer, at, took));
    }

    private void Complete(Endpoint endpoint, Outgoing item, WebhookAnswer answer, DateTimeOffset at, TimeSpan took)
    {
        inFlight--;
        endpoint.End();
        if (answer.Result == WebhookResult.Stopped)
        {
            return;
        }

        var now = clock.GetUtcNow();
        endpoint.Health = SendFate.HealthAfter(endpoint.Health, item.Kind, answer, now, Random.Shared.NextDouble());
        endpoint.IsDirty = true;
        var (word, next) = SendFate.Of(item, answer, Random.Shared.NextDouble());
        var result = new SendResult(endpoint, item, answer, word, Guid.CreateVersion7(now), at, took, next);
        results.Add(result);
        endpoint.Unwritten++;
        write.Want();
        OutboundTelemetry.Count(result, now);
        if (item.Slot is { } slot)
        {
            endpoint.Settle(slot);
            endpoint.Parked += next is null ? 0 : 1;
        }

        var reason =
            answer.Result == WebhookResult.Gone ? "gone"
            : endpoint.Health.ShouldBeOff(now) ? "failing"
            : null;
        if (reason is not null && item.Kind != SendKind.Test && endpoint.Config.IsActive)
        {
            SwitchedOff(log, endpoint.Config.Id, endpoint.Config.Tenant, reason);
            toSwitchOff.Add((endpoint, reason, answer.Status));
            endpoint.Change(endpoint.Config with { State = "disabled" });
            keep.Want();
        }
    }

    /// <summary>Ends what is under way, writes it down, and leaves all to the others.</summary>
    private async Task FinishAsync(CancellationTokenSource requests)
    {
        var began = clock.GetTimestamp();
        while (inFlight > 0 && clock.GetElapsedTime(began) < FinishWithin)
        {
            await signals.WaitAsync(LoopRest);
            signals.RunPosted();
        }

        await requests.CancelAsync();
        while (write.IsRunning && clock.GetElapsedTime(began) < FinishWithin)
        {
            await signals.WaitAsync(LoopRest);
            signals.RunPosted();
        }

        try
        {
            await ledger.Journal.WriteAsync(results, TakeStates(), CancellationToken.None);
            await ledger.Book.LeaveAsync(CancellationToken.None);
        }
        catch (Exception problem) when (IsLedgerAway(problem))
        {
            // What was not written is told once more by whoever takes over.
            NotDone(log, "finish", problem.Message);
        }
    }

    private static bool IsLedgerAway(Exception problem) =>
        problem is NpgsqlException or TimeoutException or IOException;

    [LoggerMessage(1, LogLevel.Warning, "Subscription {Subscription} of tenant {Tenant} is switched off: {Reason}")]
    private static partial void SwitchedOff(ILogger log, Guid subscription, Guid tenant, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Webhooks: {Job} was not done and will be tried again: {Problem}")]
    private static partial void NotDone(ILogger log, string job, string problem);

    [LoggerMessage(3, LogLevel.Error, "Webhooks: {Job} failed and will be tried again")]
    private static partial void Failed(ILogger log, Exception problem, string job);
}
