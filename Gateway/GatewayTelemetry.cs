using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gateway;

/// <summary>The one ActivitySource and the one Meter of the product, and every metric with its help text.</summary>
public static class GatewayTelemetry
{
    public const string Name = "Gateway";

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

    public static readonly Histogram<int> CommitSize = Meter.CreateHistogram<int>(
        "gateway.acceptance.commit.size",
        "{message}",
        "Messages that shared one commit."
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
}
