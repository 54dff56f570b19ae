using System.Diagnostics;
using System.Globalization;
using Gateway.Api.Manage;
using Gateway.Api.Reading;
using Gateway.Database;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Npgsql;

namespace Gateway.Tests.Isolation;

/// <summary>
/// A23: 200 clients of many tenants share a pool of 10 connections, with requests cancelled, readers that throw, changes
/// that fail and connections that are killed under them. No row of another tenant is ever seen, and a connection that
/// comes back to the pool belongs to nobody.
/// </summary>
public sealed class A23_SmallPoolTests(TestCluster cluster, ITestOutputHelper output) : IDisposable
{
    private const int Clients = 200;
    private const int Tenants = 12;
    private const int Pool = 10;

    /// <summary>The evidence is made with 50,000; the suite's own run is short.</summary>
    private static readonly int Requests = Environment.GetEnvironmentVariable("GATEWAY_CRAWL_REQUESTS") is { } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : 2_000;

    private readonly CancellationTokenSource tooLong = new(TimeSpan.FromSeconds(Math.Max(60, Requests / 100)));
    private int asked;
    private int answered;
    private int cancelled;
    private int failed;
    private int foreign;

    [Fact]
    public async Task No_row_of_another_tenant_is_ever_seen()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenants = new List<TestTenant>();
        await using (var mail = new LedgerMail(ledger))
        {
            for (var i = 0; i < Tenants; i++)
            {
                tenants.Add(await ledger.CreateTenantAsync());
                await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => mail.AcceptAsync(tenants[^1])));
            }
        }

        var text = LedgerRole.ConnectionString(ledger.ConnectionString, LedgerRole.Door, TestKeys.Master);
        (text.MaxPoolSize, text.Timeout) = (Pool, 30);
        await using var door = NpgsqlDataSource.Create(text);
        using var killing = new CancellationTokenSource();
        var killer = KillAsync(ledger, killing.Token);
        var began = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(seed => CrawlAsync(door, tenants, new Random(seed))));
        await killing.CancelAsync();
        await killer;
        output.WriteLine(
            $"{asked} requests of {Clients} clients over {Pool} connections in {began.Elapsed.TotalSeconds:F1} s: {answered} answered, "
                + $"{cancelled} cancelled, {failed} failed on purpose, {foreign} foreign rows"
        );
        Assert.Equal(0, foreign);
        Assert.True(answered > Requests / 3 && cancelled > 0 && failed > 0, $"{answered} {cancelled} {failed}");
        Assert.Equal(
            "5",
            await ledger.ScalarAsync<string>(
                "SELECT string_agg(DISTINCT n::text, ' ') FROM (SELECT count(*) AS n FROM messages GROUP BY tenant_id) c"
            )
        );
    }

    public void Dispose() => tooLong.Dispose();

    private async Task CrawlAsync(NpgsqlDataSource door, List<TestTenant> tenants, Random random)
    {
        var ledger = new TenantLedger(door);
        var keys = new KeyStore(ledger, TestKeys.Ring, TimeProvider.System);
        while (Interlocked.Increment(ref asked) <= Requests && !tooLong.IsCancellationRequested)
        {
            var tenant = tenants[random.Next(tenants.Count)];
            using var cancel = new CancellationTokenSource();
            if (random.Next(4) == 0)
            {
                cancel.CancelAfter(TimeSpan.FromMilliseconds(random.NextDouble() * 8));
            }

            try
            {
                await AskAsync(door, ledger, keys, tenant, random.Next(8), cancel.Token);
                Interlocked.Increment(ref answered);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
            }
            catch (Exception problem) when (problem is NpgsqlException or OnPurposeException or IOException)
            {
                Interlocked.Increment(ref failed);
            }
        }
    }

    private async Task AskAsync(
        NpgsqlDataSource door,
        TenantLedger ledger,
        KeyStore keys,
        TestTenant tenant,
        int kind,
        CancellationToken cancel
    )
    {
        switch (kind)
        {
            case 0:
                // Whose connection is it before anybody names a tenant? Nobody's.
                await using (var free = door.CreateCommand("SELECT tenant_id FROM messages"))
                await using (var reader = await free.ExecuteReaderAsync(cancel))
                {
                    await SeeAsync(reader, Guid.Empty, cancel);
                }

                break;
            case 1:
                foreach (var key in (await keys.ListAsync(tenant.Id, null, 50, cancel)).Items)
                {
                    Count(key.Id == tenant.Key.Id);
                }

                break;
            case 2:
                // Named by its id, it is another's all the same.
                Count(await keys.GetAsync(tenant.Id, tenant.Key.Id, cancel) is not null);
                Count(await keys.GetAsync(Guid.NewGuid(), tenant.Key.Id, cancel) is null);
                break;
            case 3:
                await ledger.ReadAsync<int>(tenant.Id, [All("messages")], _ => throw new OnPurposeException(), cancel);
                break;
            case 4:
                await ledger.ChangeAsync(
                    tenant.Id,
                    [All("deliveries")],
                    async reader =>
                    {
                        await SeeAsync(reader, tenant.Id, cancel);
                        return "";
                    },
                    _ => throw new OnPurposeException(),
                    cancel
                );
                break;
            default:
                // Without a WHERE: what row-level security alone lets through.
                await ledger.ReadAsync(
                    tenant.Id,
                    [
                        All(
                            kind == 5 ? "messages"
                            : kind == 6 ? "deliveries"
                            : "events"
                        ),
                    ],
                    async reader =>
                    {
                        await SeeAsync(reader, tenant.Id, cancel);
                        return 0;
                    },
                    cancel
                );
                break;
        }
    }

    private static NpgsqlBatchCommand All(string table) => new($"SELECT tenant_id FROM {table}");

    private async Task SeeAsync(NpgsqlDataReader reader, Guid tenant, CancellationToken cancel)
    {
        var rows = 0;
        while (await reader.ReadAsync(cancel))
        {
            Count(reader.GetGuid(0) == tenant);
            rows++;
        }

        // Five messages each: to see none would be no proof of anything.
        Count(rows > 0 == (tenant != Guid.Empty));
    }

    private void Count(bool own)
    {
        if (!own)
        {
            Interlocked.Increment(ref foreign);
        }
    }

    /// <summary>Takes a connection away from whoever uses it, now and then.</summary>
    private static async Task KillAsync(TestLedger ledger, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await using var superuser = new NpgsqlConnection(ledger.ConnectionString);
            await superuser.OpenAsync(CancellationToken.None);
            await using var kill = new NpgsqlCommand(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = 'gw_door' ORDER BY random() LIMIT 1
                """,
                superuser
            );
            await kill.ExecuteNonQueryAsync(CancellationToken.None);
            await Task.Delay(TimeSpan.FromMilliseconds(200), stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class OnPurposeException : Exception;
}
