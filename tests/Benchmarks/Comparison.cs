using System.Diagnostics;

namespace Gateway.Benchmarks;

/// <summary>
/// Jobs that take turns, round after round, so that whatever else the machine does meets all of them alike. A figure
/// is nanoseconds and allocated bytes for one operation: fastest, median and slowest round.
/// </summary>
internal sealed class Comparison
{
    private const int Rounds = 200;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(2);

    private readonly List<Job> jobs = [];

    public void Add(string name, Action operation) => jobs.Add(new Job(name, operation));

    public void Run()
    {
        foreach (var job in jobs)
        {
            job.WarmUp(RoundTime);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var job in jobs)
            {
                job.Measure();
            }
        }

        Console.WriteLine($"{"", -44} {"ns: min", 12} {"median", 12} {"max", 12} {"bytes", 10}");
        foreach (var job in jobs)
        {
            var (min, median, max) = Spread(job.Nanoseconds);
            Console.WriteLine($"{job.Name, -44} {min, 12:N0} {median, 12:N0} {max, 12:N0} {job.Bytes, 10:N0}");
        }
    }

    /// <summary>One job's time as a multiple of another's: of the fastest rounds, and the median within one round.</summary>
    public void Ratio(string name, string of)
    {
        var (above, below) = (Find(name), Find(of));
        var fastest = above.Nanoseconds.Min() / below.Nanoseconds.Min();
        var (_, median, _) = Spread([.. above.Nanoseconds.Zip(below.Nanoseconds, (a, b) => a / b)]);
        Console.WriteLine($"{fastest:F3} (median {median:F3}): {name} / {of}");
    }

    private Job Find(string name) => jobs.Single(job => job.Name == name);

    private static (double Min, double Median, double Max) Spread(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[0], sorted[sorted.Length / 2], sorted[^1]);
    }

    private sealed class Job(string name, Action operation)
    {
        private int times = 1;

        public string Name => name;

        public List<double> Nanoseconds { get; } = [];

        public long Bytes { get; private set; }

        /// <summary>Until the compiler has done its best, and so many operations fill a round.</summary>
        public void WarmUp(TimeSpan roundTime)
        {
            for (var warm = Stopwatch.StartNew(); warm.Elapsed < TimeSpan.FromSeconds(1); )
            {
                var watch = Stopwatch.StartNew();
                Repeat();
                times = watch.Elapsed < roundTime ? Math.Max(times * 2, 1) : times;
            }
        }

        public void Measure()
        {
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            Repeat();
            Nanoseconds.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / times);
            Bytes = (GC.GetAllocatedBytesForCurrentThread() - bytes) / times;
        }

        private void Repeat()
        {
            for (var i = 0; i < times; i++)
            {
                operation();
            }
        }
    }
}
