using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gateway;

/// <summary>The one ActivitySource and the one Meter of the product, and every metric with its help text.</summary>
public static class GatewayTelemetry
{
    public const string Name = "Gateway";

    /// <summary>Series by tenant exist only for so many of them; the rest is in the sums.</summary>
    public const int TenantsShown = 50;

    public static readonly ActivitySource Activities = new(Name);
    public static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Accepted = Meter.CreateCounter<long>(
        "gateway.messages.accepted",
        "{message}",
        "Messages committed to the ledger and answered 202 or 250, by door."
    );

    public static readonly Counter<long> Refused = Meter.CreateCounter<long>(
        "gateway.messages.refused",
        "{message}",
        "Submissions answered with an error, by door and code."
    );

    public static readonly Counter<long> Replayed = Meter.CreateCounter<long>(
        "gateway.messages.replayed",
        "{message}",
        "Submissions answered with an earlier one's result because their idempotency key was known, by door."
    );

    public static readonly Counter<long> AuthenticationFailures = Meter.CreateCounter<long>(
        "gateway.authentication.failures",
        "{request}",
        "Requests that no API key let in, by reason; cannot_tell is our fault, all others are the caller's."
    );

    public static readonly Counter<long> AuthenticationPenalties = Meter.CreateCounter<long>(
        "gateway.authentication.penalties",
        "{request}",
        "Wrong keys beyond what their sender has free, by answer: delayed, or refused for a while (429, 421)."
    );

    public static readonly Watched<int> Connections = Gauge<int>(
        "gateway.connections",
        "{connection}",
        "Open connections of this replica, by door: what to scale the doors by."
    );

    public static readonly Counter<long> ConnectionsRefused = Meter.CreateCounter<long>(
        "gateway.connections.refused",
        "{connection}",
        "Connections answered 503 or 421 before their first byte, by door and by the cap that was reached: replica, address or suspect."
    );

    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>(
        "gateway.throttle.refused",
        "{message}",
        "Messages refused because a limit was reached, by the limit's scope."
    );

    public static readonly Counter<long> ThrottleWaits = Meter.CreateCounter<long>(
        "gateway.throttle.waits",
        "{delivery}",
        "Deliveries accepted over a limit with a later turn of their own, by the limit's scope."
    );

    public static readonly Counter<long> ThrottleLocal = Meter.CreateCounter<long>(
        "gateway.throttle.local",
        "{message}",
        "Messages and sends whose limits this replica decided by its own part because Redis did not answer."
    );

    public static readonly Counter<long> VolumeHeld = Meter.CreateCounter<long>(
        "gateway.volume.held",
        "{delivery}",
        "Deliveries accepted as held because a new key sent an unusual volume from a new network."
    );

    public static readonly Histogram<int> CommitSize = Meter.CreateHistogram<int>(
        "gateway.commit.size",
        "{item}",
        "Writes that shared one commit, by kind: accept, begin or record."
    );

    public static readonly Histogram<double> CommitSeconds = Meter.CreateHistogram<double>(
        "gateway.commit.duration",
        "s",
        "From taking a connection to the end of a shared commit, by kind."
    );

    public static readonly Counter<long> Claimed = Meter.CreateCounter<long>(
        "gateway.queue.claimed",
        "{delivery}",
        "Deliveries leased by this worker."
    );

    public static readonly Counter<long> LeasesExpired = Meter.CreateCounter<long>(
        "gateway.queue.leases.expired",
        "{lease}",
        "Leases whose worker went away, by whether a send had begun."
    );

    public static readonly Watched<long> QueueDepth = Gauge<long>(
        "gateway.queue.depth",
        "{delivery}",
        "Deliveries in the queue, by stream and by what they wait for: worker, sending, time, recipient, path, reconciliation or release."
    );

    public static readonly Watched<double> QueueOldest = Gauge<double>(
        "gateway.queue.oldest.age",
        "s",
        "How long the oldest delivery that may go now has been due, by stream; 0 where none is."
    );

    public static readonly Counter<long> Attempts = Meter.CreateCounter<long>(
        "gateway.path.attempts",
        "{attempt}",
        "Tries to hand over one delivery, by path and outcome."
    );

    public static readonly Histogram<double> AttemptSeconds = Meter.CreateHistogram<double>(
        "gateway.path.attempt.duration",
        "s",
        "From the first byte towards the provider to its answer, by path and outcome."
    );

    public static readonly Watched<int> PathResting = Gauge<int>(
        "gateway.path.resting",
        "1",
        "1 while the path's circuit is open and it carries no mail, else 0."
    );

    public static readonly Watched<int> CircuitsOpen = Gauge<int>(
        "gateway.path.circuits.open",
        "{circuit}",
        "Circuits of the path that are open in this worker, by scope: path, identity, stream or remote_domain."
    );

    public static readonly Counter<long> CircuitChanges = Meter.CreateCounter<long>(
        "gateway.path.circuit.changes",
        "{change}",
        "Circuits that this worker opened or closed, by path, scope and state: each opening is a failover."
    );

    public static readonly Counter<long> Canaries = Meter.CreateCounter<long>(
        "gateway.path.canaries",
        "{canary}",
        "Canaries that asked a resting path whether it works, by path and outcome."
    );

    public static readonly Counter<long> LookUps = Meter.CreateCounter<long>(
        "gateway.path.lookups",
        "{request}",
        "Questions to a provider what became of a mail whose answer was lost, by path and answer."
    );

    public static readonly Counter<long> Delayed = Meter.CreateCounter<long>(
        "gateway.deliveries.delayed",
        "{delivery}",
        "Transactional deliveries that crossed a mark of lateness unsent (5m, 30m, 4h), by the mark and by what they wait for."
    );

    public static readonly Watched<double> PathWeight = Gauge<double>(
        "gateway.path.weight",
        "1",
        "The path's share within its tier of the default route, by path and tier (from 0)."
    );

    public static readonly Watched<double> PathOldestUnresolved = Gauge<double>(
        "gateway.path.unresolved.age",
        "s",
        "Age of the oldest attempt of the path that has no conclusive answer yet: under way, or unknown."
    );

    public static readonly Counter<long> InboundRequests = Meter.CreateCounter<long>(
        "gateway.inbound.requests",
        "{request}",
        "Requests at the paths' event endpoints, by path and result: stored, repeated, replayed, forged, expired, not_judged, too_large, overloaded or unavailable."
    );

    public static readonly Counter<long> InboundEvents = Meter.CreateCounter<long>(
        "gateway.inbound.events",
        "{event}",
        "Events of providers that were read, by path, news and result: recorded, duplicate, early, orphan, told or ignored."
    );

    public static readonly Counter<long> InboundUnreadable = Meter.CreateCounter<long>(
        "gateway.inbound.unreadable",
        "{request}",
        "Times that a genuine request could not be read whole, by path; it is kept and read again later."
    );

    public static readonly Watched<double> EventReturnRatio = Gauge<double>(
        "gateway.path.events.returned",
        "1",
        "Share of a sample of the path's deliveries, sent 15 to 75 minutes ago, that the provider has told an end of."
    );

    public static readonly Watched<long> TenantAccepted = Count<long>(
        "gateway.tenant.accepted",
        "{message}",
        "Messages of one tenant that this replica accepted; the 50 tenants with most."
    );

    public static readonly Watched<long> TenantHeld = Gauge<long>(
        "gateway.tenant.held",
        "{delivery}",
        "Deliveries of one tenant that are held until somebody releases them; the 50 tenants with the longest queues."
    );

    public static readonly Watched<double> TenantOldest = Gauge<double>(
        "gateway.tenant.oldest.age",
        "s",
        "How long the oldest delivery of one tenant that may go now has been due; the 50 tenants with the longest queues."
    );

    public static readonly Counter<long> WebhookAttempts = Meter.CreateCounter<long>(
        "gateway.webhook.attempts",
        "{attempt}",
        "Tries to tell an endpoint of a tenant an event, by result: delivered, failed (to be tried again), exhausted, aborted or gone."
    );

    public static readonly Histogram<double> WebhookSeconds = Meter.CreateHistogram<double>(
        "gateway.webhook.attempt.duration",
        "s",
        "From the connection to the end of an endpoint's answer, by result."
    );

    public static readonly Histogram<double> WebhookLatency = Meter.CreateHistogram<double>(
        "gateway.webhook.latency",
        "s",
        "From an event to its delivery at an endpoint that took it at the first try."
    );

    public static readonly Watched<double> WebhookOldest = Gauge<double>(
        "gateway.webhook.oldest.age",
        "s",
        "Age of the oldest event that this replica read for an endpoint and that is neither delivered nor waiting for another try; 0 where none is."
    );

    public static readonly Watched<long> WebhookWaiting = Gauge<long>(
        "gateway.webhook.waiting",
        "{event}",
        "Events that wait for another try at an endpoint of this replica."
    );

    public static readonly Watched<int> WebhookEndpoints = Gauge<int>(
        "gateway.webhook.endpoints",
        "{endpoint}",
        "Endpoints that this replica works for, by state: flowing, failing or stopped."
    );

    public static readonly Counter<long> Suppressed = Meter.CreateCounter<long>(
        "gateway.suppressions.followed",
        "{suppression}",
        "Suppressions of a stream that events caused, by reason; a repetition counts again."
    );

    public static readonly Counter<long> InboundMail = Meter.CreateCounter<long>(
        "gateway.inbound.mail",
        "{message}",
        "Mail to the bounce domain that was read, by what it was: bounce, delayed, delivered, complaint, unsubscribe, auto_reply, not_a_report, not_spam, auth_failure, unmatched, orphan or failed."
    );

    public static readonly Counter<long> InboundRefused = Meter.CreateCounter<long>(
        "gateway.inbound.refused",
        "{command}",
        "What the bounce domain's server refused, by reason: address, rate, reports or connections."
    );

    public static readonly Watched<double> ClockCorrection = Gauge<double>(
        "gateway.clock.correction",
        "s",
        "What this host adds to its machine's clock to keep the ledger's time; 0 while they agree within a second."
    );

    private static Watched<T> Gauge<T>(string name, string unit, string help)
        where T : struct
    {
        var watched = new Watched<T>();
        watched.Instrument = Meter.CreateObservableGauge(name, watched.Read, unit, help);
        return watched;
    }

    private static Watched<T> Count<T>(string name, string unit, string help)
        where T : struct
    {
        var watched = new Watched<T>();
        watched.Instrument = Meter.CreateObservableCounter(name, watched.Read, unit, help);
        return watched;
    }
}

/// <summary>What a metric shows to whoever collects it: nothing, until a host says where its values come from.</summary>
public sealed class Watched<T>
    where T : struct
{
    private Func<IEnumerable<Measurement<T>>> source = () => [];

    internal Instrument? Instrument { get; set; }

    /// <summary>Whether anybody does.</summary>
    public bool IsCollected => Instrument!.Enabled;

    /// <summary>Called at each collection, possibly from several at once; must not block.</summary>
    public void From(Func<IEnumerable<Measurement<T>>> values) => Volatile.Write(ref source, values);

    internal IEnumerable<Measurement<T>> Read() => Volatile.Read(ref source)();
}
