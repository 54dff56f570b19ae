using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks.Running;

/// <summary>From here to <see cref="Show"/>: the rate, and what each process spent for one message.</summary>
internal sealed class Meter
{
    private const double LeastShown = 0.5; // µs a message
    private readonly IReadOnlyDictionary<string, double> before = CpuTimes.Take();
    private readonly Machine machine = Machine.Look();
    private readonly Stopwatch watch = Stopwatch.StartNew();

    public TimeSpan Elapsed => watch.Elapsed;

    /// <summary>Prints one line and returns the rate by the second.</summary>
    public double Show(string what, long messages, IReadOnlyList<TimeSpan>? latencies = null, TimeSpan? took = null)
    {
        var seconds = (took ?? watch.Elapsed).TotalSeconds;
        var spent = CpuTimes
            .Take()
            .Select(p => (p.Key, Micro: (p.Value - before.GetValueOrDefault(p.Key)) * 1e6 / Math.Max(1, messages)))
            .Where(p => p.Micro >= LeastShown)
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key} {p.Micro:F0}"));
        var rate = messages / seconds;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: {rate:N0}/s ({messages:N0} in {seconds:F1} s){Spread(latencies)}; CPU-µs a message: {string.Join(", ", spent)}; steal {machine.StealSince():F1} %"
            )
        );
        return rate;
    }

    public static string Spread(IReadOnlyList<TimeSpan>? latencies)
    {
        if (latencies is null || latencies.Count == 0)
        {
            return "";
        }

        var sorted = latencies.Order().ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $", p50 {At(sorted, 0.5):F1} ms, p99 {At(sorted, 0.99):F1} ms, max {sorted[^1].TotalMilliseconds:F1} ms"
        );
    }

    private static double At(TimeSpan[] sorted, double part) =>
        sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))].TotalMilliseconds;
}
