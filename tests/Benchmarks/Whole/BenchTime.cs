using System.Globalization;

namespace Gateway.Benchmarks.Whole;

/// <summary>Lengths and sizes of the runs: <c>BENCH_SCALE</c> makes them shorter or longer, 1 unless given.</summary>
internal static class BenchTime
{
    private static readonly double Scale = double.Parse(
        Environment.GetEnvironmentVariable("BENCH_SCALE") is { Length: > 0 } text ? text : "1",
        CultureInfo.InvariantCulture
    );

    public static TimeSpan Of(TimeSpan length) => length * Scale;

    public static int Of(int messages) => Math.Max(1, (int)(messages * Scale));
}
