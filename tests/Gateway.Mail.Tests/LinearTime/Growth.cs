using System.Diagnostics;

namespace Gateway.Mail.Tests.LinearTime;

/// <summary>
/// Compares one run over ten times the input with ten runs over the input. The fastest of several rounds count, since
/// what else the machine does only ever adds time; it goes on until the rule holds, or for 15 seconds.
/// </summary>
internal static class Growth
{
    /// <summary>Ten times the input may take twelve times as long.</summary>
    public const double Allowed = 12.0 / 10;

    private const int MinRounds = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>How much longer the one large run took than ten small ones: about 1 when linear, 10 when quadratic.</summary>
    public static double Of(Action small, Action large, TimeSpan? patience = null)
    {
        // Compiled well before it counts.
        for (var i = 0; i < 40; i++)
        {
            small();
        }

        var (fastestTen, fastestOne, ratio) = (double.MaxValue, double.MaxValue, 0.0);
        var clock = Stopwatch.StartNew();
        for (var round = 0; round < MinRounds || (ratio > Allowed && clock.Elapsed < (patience ?? Patience)); round++)
        {
            fastestTen = Math.Min(fastestTen, Time(small, 10));
            fastestOne = Math.Min(fastestOne, Time(large, 1));
            ratio = fastestOne / fastestTen;
        }

        return ratio;
    }

    private static double Time(Action action, int times)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
