using Gateway.Benchmarks.Queue;
using Gateway.Benchmarks.Whole;

namespace Gateway.Benchmarks;

/// <summary>Every benchmark by its name: pieces first, then the gateway as it runs.</summary>
internal static class Catalogue
{
    public static IReadOnlyDictionary<string, Func<Task>> All { get; } =
        new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
        {
            ["mail"] = MailBenchmarks.RunAsync,
            ["dkim"] = DkimBenchmarks.RunAsync,
            ["smtp"] = SmtpBenchmarks.RunAsync,
            ["throttle"] = ThrottleBenchmarks.RunAsync,
            ["accept"] = AcceptBenchmark.RunAsync,
            ["limits"] = LimitsBenchmark.RunAsync,
            ["queue"] = QueueBenchmark.RunAsync,
            ["send"] = SendBenchmark.RunAsync,
            ["e2e"] = EndToEndBenchmark.RunAsync,
            ["latency"] = LatencyBenchmark.RunAsync,
            ["memory"] = MemoryBenchmark.RunAsync,
            ["postfix"] = PostfixBenchmark.RunAsync,
            ["growth"] = GrowthBenchmark.RunAsync,
        };
}
