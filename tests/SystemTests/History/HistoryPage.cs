using System.Globalization;
using System.Text;
using Gateway.Ledger;
using SystemTests.Sink;

namespace SystemTests.History;

/// <summary>One page of figures about a run, with its violations.</summary>
internal sealed class HistoryPage
{
    private const int MostShown = 40;
    private readonly StringBuilder text = new();

    public HistoryPage(
        HistoryPlan plan,
        TimeSpan loaded,
        TimeSpan quiet,
        AnswerLog answers,
        SinkLog sinks,
        IEnumerable<(string Name, DateTime At, TimeSpan Took)> blows,
        LedgerPicture ledger,
        string clocks = "all right",
        HookCheck? hooks = null
    )
    {
        var check = new HistoryCheck(answers, sinks, ledger);
        Violations = [.. check.Violations(), .. hooks?.Violations ?? []];
        var types = ledger.Events.SelectMany(e => e).ToLookup(e => e.Type, StringComparer.Ordinal);
        var duplicates = check.Duplicates.Count();
        Line("history", $"{DateTime.UtcNow:u}, seed {plan.Seed}, lease {plan.Lease.TotalSeconds:0} s");
        Line(
            "hosts",
            $"{plan.Apis} Apis, {plan.Workers} Workers, {plan.Webhooks} Webhooks, PostgreSQL with fsync, 2 sinks and 1 broken path"
        );
        Line("clocks", clocks);
        Line(
            "load",
            $"{loaded.TotalSeconds:0} s at {plan.PerSecond:0} messages/s wanted, then {quiet.TotalSeconds:0} s quiet"
        );
        Line("keys", $"{check.Keys}, acknowledged {check.AcknowledgedKeys}");
        Line("answers", Counts(answers.Answers.GroupBy(a => a.Status == 0 ? "none" : $"{a.Status}", a => a)));
        Line("time to 202", Times(answers.Answers.Where(a => a.Status == 202).Select(a => a.Took)));
        Line("blows", Counts(blows.GroupBy(b => b.Name, b => b)));
        Line("sink faults", string.Join(", ", sinks.Faults.OrderBy(f => f.Key).Select(f => $"{f.Key} {f.Value}")));
        Line("deliveries", $"{ledger.Deliveries.Count}: " + Counts(ledger.Deliveries.GroupBy(d => d.State, d => d)));
        Line("in flight", InFlight(ledger));
        Line("attempts", Counts(ledger.Attempts.SelectMany(a => a).GroupBy(a => a.Outcome ?? "open", a => a)));
        Line("late results", $"{ledger.Attempts.SelectMany(a => a).Count(a => a.Late)}");
        Line("unknown", $"{types["unknown"].Count()} events, possible_duplicate {types["possible_duplicate"].Count()}");
        Line(
            "kept by sinks",
            $"{sinks.Receipts.Count}, {duplicates} deliveries more than once ({Share(duplicates, ledger.Deliveries.Count)})"
        );
        Line("events", hooks is null ? "not told" : Told(hooks));
        Line("violations", $"{Violations.Count}");
        foreach (var violation in Violations.Take(MostShown))
        {
            text.Append("  ").AppendLine(violation);
        }

        if (Violations.Count > 0)
        {
            TellOfPaths(ledger);
        }
    }

    public IReadOnlyList<string> Violations { get; }

    public override string ToString() => text.ToString();

    private void Line(string name, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name, -14} {value}").AppendLine();

    /// <summary>What was thought of the paths meanwhile: most that goes wrong with a delivery begins there.</summary>
    private void TellOfPaths(LedgerPicture ledger)
    {
        foreach (var (at, actor, path, type, reason) in ledger.Paths)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {at:HH:mm:ss.f} {actor} {path} {type}: {reason}")
                .AppendLine();
        }
    }

    private static string Counts<T>(IEnumerable<IGrouping<string, T>> groups) =>
        string.Join(", ", groups.OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}"));

    private static string InFlight(LedgerPicture ledger) =>
        Counts(
            ledger
                .Deliveries.Where(d => d.State != DeliveryState.Sent && !DeliveryState.IsEnd(d.State))
                .GroupBy(d => $"{d.State} for {d.WaitingFor ?? "nothing"}", d => d)
        );

    private static string Told(HookCheck hooks) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{hooks.Committed} committed, {hooks.Received} received at {hooks.Endpoints} endpoints, {hooks.ReceivedTwice} more than once, {hooks.Requests} requests; all told {hooks.Behind.TotalSeconds:0.0} s after the quiet"
        );

    private static string Times(IEnumerable<TimeSpan> took)
    {
        var sorted = took.Select(t => t.TotalMilliseconds).Order().ToArray();
        return sorted.Length == 0
            ? "none"
            : $"p50 {sorted[sorted.Length / 2]:0} ms, p99 {sorted[sorted.Length * 99 / 100]:0} ms, longest {sorted[^1]:0} ms";
    }

    private static string Share(int part, int whole) => whole == 0 ? "-" : $"{100.0 * part / whole:0.000} %";
}
