using System.Diagnostics;
using System.Net.Http.Headers;
using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Whole;
using Npgsql;

namespace Gateway.Benchmarks.Queue;

/// <summary>
/// The same work on an empty ledger and on a grown one: 2 million finished messages, 500,000 queued of one tenant. Claims, the
/// tenant's list, and claims once more while a session holds a snapshot open.
/// </summary>
internal static class GrowthBenchmark
{
    private const string Newest = "/v1/messages?limit=50";
    private const string Queued = "/v1/messages?state=queued&limit=50";
    private static readonly TimeSpan SnapshotFor = TimeSpan.FromMinutes(10);

    public static async Task RunAsync()
    {
        await using var system = await RunningSystem.StartAsync();
        var tenant = await BenchTenant.CreateAsync(system);
        await using var api = await system.StartApiAsync();
        var few = BenchTime.Of(60_000);

        await QueueFill.DueAsync(system.ExecuteAsync, [tenant.Id], few, "broadcast", tenant.Domain);
        await system.SettleAsync();
        await ListAsync("warm-up (not counted)", api, tenant, Newest);
        await QueueBenchmark.LoopsAsync(system, 1, "warm-up (not counted)", TimeSpan.FromSeconds(1));
        var emptyList = await ListAsync("GET /v1/messages, small ledger", api, tenant, Newest);
        await ListAsync("the queued ones, small ledger", api, tenant, Queued);
        var emptyRate = await QueueBenchmark.LoopsAsync(
            system,
            1,
            "claim and record, small ledger",
            TimeSpan.FromSeconds(2)
        );

        await QueueFill.SentAsync(system.ExecuteAsync, [tenant.Id], BenchTime.Of(2_000_000));
        await QueueFill.DueAsync(system.ExecuteAsync, [tenant.Id], BenchTime.Of(500_000), "broadcast", tenant.Domain);
        await system.SettleAsync();
        await ListAsync("warm-up (not counted)", api, tenant, Newest);
        var grownList = await ListAsync("GET /v1/messages, grown ledger", api, tenant, Newest);
        // Not by an index: it looks at 50,000 rows at most, wherever the queued ones are.
        await ListAsync("the queued ones, grown ledger", api, tenant, Queued);
        var grownRate = await QueueBenchmark.LoopsAsync(
            system,
            1,
            "claim and record, grown ledger",
            TimeSpan.FromSeconds(2)
        );
        Console.WriteLine($"grown / small: claims {grownRate / emptyRate:F2}, list {grownList / emptyList:F2}");
        await SnapshotAsync(system, grownRate);
    }

    /// <summary>A session that reads the queue once and then keeps its transaction: nothing dead can be cleaned away.</summary>
    private static async Task SnapshotAsync(RunningSystem system, double without)
    {
        var open = BenchTime.Of(SnapshotFor);
        await using var connection = await system.Admin.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var look = new NpgsqlCommand("SELECT count(*) FROM lanes", connection, transaction))
        {
            await look.ExecuteScalarAsync();
        }

        var watch = Stopwatch.StartNew();
        // A tenth of the time at work, so that the queue lasts.
        for (var part = 1; part <= 5; part++)
        {
            var rate = await QueueBenchmark.LoopsAsync(
                system,
                1,
                $"claim and record, snapshot open for {watch.Elapsed.TotalMinutes:F1} min",
                TimeSpan.FromSeconds(2)
            );
            Console.WriteLine($"{rate / without:F2} × without");
            var rest = (open * part / 5) - watch.Elapsed;
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
        }

        var last = await QueueBenchmark.LoopsAsync(
            system,
            1,
            $"claim and record, snapshot open for {watch.Elapsed.TotalMinutes:F1} min",
            TimeSpan.FromSeconds(2)
        );
        Console.WriteLine($"{last / without:F2} × without");
        await transaction.RollbackAsync();
    }

    /// <returns>Milliseconds, the median.</returns>
    private static async Task<double> ListAsync(string what, RunningHost api, BenchTenant tenant, string list)
    {
        const int times = 100;
        using var http = new HttpClient { BaseAddress = api.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key);
        var took = new List<TimeSpan>();
        for (var i = 0; i < times; i++)
        {
            var began = Stopwatch.GetTimestamp();
            using var answer = await http.GetAsync(list);
            answer.EnsureSuccessStatusCode();
            took.Add(Stopwatch.GetElapsedTime(began));
        }

        Console.WriteLine($"{what}{Meter.Spread(took)}");
        took.Sort();
        return took[times / 2].TotalMilliseconds;
    }
}
