using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>
/// Runs one target for some seconds: 4, or as FUZZ_SECONDS says. Each input comes from its own number, so a finding is
/// repeated by FUZZ_FIRST=number. An input that takes a second, three times over, is a finding too.
/// </summary>
internal static class FuzzRun
{
    private const int MinInputs = 200; // on a busy machine too
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(Setting("FUZZ_SECONDS", 4));
    private static readonly int First = Setting("FUZZ_FIRST", 0);

    /// <summary>Tries each seed as it is, then mutations of them.</summary>
    public static Task OverAsync(
        IReadOnlyList<byte[]> seeds,
        IReadOnlyList<byte[]> tokens,
        Action<byte[], Random> check
    ) =>
        Async(random =>
        {
            var seed = seeds[random.Next(seeds.Count)];
            Checked(random.Next(100) == 0 ? seed : Mutation.Of(seed, tokens, random), random, check);
            return Task.CompletedTask;
        });

    /// <inheritdoc cref="OverAsync(IReadOnlyList{byte[]}, IReadOnlyList{byte[]}, Action{byte[], Random})"/>
    public static Task OverAsync(IReadOnlyList<byte[]> seeds, IReadOnlyList<byte[]> tokens, Action<byte[]> check) =>
        OverAsync(seeds, tokens, (input, _) => check(input));

    /// <summary>Calls <paramref name="round"/> with one source of chance after the other.</summary>
    public static async Task Async(Func<Random, Task> round)
    {
        var clock = Stopwatch.StartNew();
        var number = First;
        var slowest = TimeSpan.Zero;
        for (; number - First < MinInputs || clock.Elapsed < Budget; number++)
        {
            try
            {
                var took = await TimeAsync(round, number);
                slowest = took > slowest ? took : slowest;
            }
            catch (Exception finding)
            {
                throw new InvalidOperationException($"FUZZ_FIRST={number}", finding);
            }
        }

        using var process = Process.GetCurrentProcess();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{number - First} inputs, slowest {slowest.TotalMilliseconds:F0} ms, peak {process.PeakWorkingSet64 >> 20} MiB"
        );
    }

    private static async Task<TimeSpan> TimeAsync(Func<Random, Task> round, int number)
    {
        var fastest = TimeSpan.MaxValue;
        for (var tries = 0; tries < 3 && fastest > Slow; tries++)
        {
            var watch = Stopwatch.StartNew();
            await round(new Random(number));
            fastest = watch.Elapsed < fastest ? watch.Elapsed : fastest;
        }

        return fastest < Slow ? fastest : throw new TimeoutException($"{fastest}");
    }

    // A10's bound: what reading and writing a message in all ways allocates grows with its length and not beyond.
    private static void Checked(byte[] input, Random random, Action<byte[], Random> check)
    {
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            check(input, random);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= (8L << 20) + (200L * input.Length), $"{allocated} bytes for {input.Length}");
        }
        catch (Exception finding)
        {
            throw new InvalidOperationException(
                $"{Convert.ToBase64String(input)}\n{Encoding.Latin1.GetString(input)}",
                finding
            );
        }
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value
            : fallback;
}
