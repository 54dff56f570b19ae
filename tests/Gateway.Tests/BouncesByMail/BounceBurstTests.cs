using System.Diagnostics;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Npgsql;

namespace Gateway.Tests.BouncesByMail;

/// <summary>After a bad list: a thousand bounces at once, while PostgreSQL crashes and recovers under them.</summary>
public sealed class BounceBurstTests
{
    private const int Count = 1_000;

    [Fact]
    public async Task A_thousand_at_once_lose_none_while_the_ledger_restarts()
    {
        // Killing a server process restarts all of it: it must not be the cluster that other tests use. And what was
        // answered 250 must be there afterwards: with fsync, as in production.
        await using var own = await TestCluster.StartPrivateAsync(durable: true);
        await using var host = await ReturnHost.StartAsync(own);
        var tenant = await host.Ledger.CreateTenantAsync();
        var deliveries = await host.SentAsync(
            tenant,
            "broadcast",
            [.. Enumerable.Range(0, Count).Select(n => $"r{n}@example.net")]
        );
        Assert.Equal(
            Count,
            await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE state = 'sent'")
        );
        var (taken, putOff, crashes) = (0, 0, 0);
        var senders = Parallel.ForEachAsync(
            deliveries.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 20 },
            async (d, _) =>
            {
                while (true)
                {
                    // As a mail server does: what is not 250 is brought again.
                    if (await BringAsync(host, d.Item, d.Index))
                    {
                        Interlocked.Increment(ref taken);
                        return;
                    }

                    Interlocked.Increment(ref putOff);
                    await Task.Delay(50, CancellationToken.None);
                }
            }
        );
        foreach (var at in (int[])[Count / 5, Count / 2])
        {
            while (Volatile.Read(ref taken) < at && !senders.IsCompleted)
            {
                await Task.Delay(5);
            }

            await CrashAsync(own);
            crashes++;
        }

        await senders;
        await host.Ledger.UntilBackAsync();
        // The superuser's pool drops the database at the end; its connections died in the crash.
        NpgsqlConnection.ClearAllPools();
        await Running.Eventually.EqualAsync(
            (long)Count,
            () =>
                host.Ledger.TryScalarAsync<long>(
                    "SELECT count(*) FROM deliveries WHERE state = 'bounced' AND cause = 'recipient'"
                ),
            "deliveries that ended"
        );
        Assert.Equal(Count, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE type = 'bounced'"));
        await host.FollowAsync();
        Assert.Equal(2 * Count, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM suppressions"));
        Assert.True(putOff > 0, "the crashes were felt");
        TestContext.Current.TestOutputHelper?.WriteLine($"{Count} bounces, {crashes} crashes, {putOff} put off");
    }

    private static async Task<bool> BringAsync(ReturnHost host, Guid delivery, int n)
    {
        try
        {
            var reply = await host.BringAsync(
                "",
                host.Addresses.Bounce(delivery, 1),
                Reports.Unknown($"r{n}@example.net")
            );
            Assert.False(reply.StartsWith('5'), reply);
            return reply.StartsWith("250", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>A server process that dies takes all others with it, and PostgreSQL recovers as after a crash of the machine.</summary>
    private static async Task CrashAsync(TestCluster cluster)
    {
        await using var connection = new NpgsqlConnection(cluster.SuperuserConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        using var process = Process.GetProcessById(connection.ProcessID);
        process.Kill();
        await process.WaitForExitAsync();
    }
}

internal static class LedgerAfterACrash
{
    public static Task UntilBackAsync(this TestLedger ledger) =>
        Running.Eventually.EqualAsync(1, () => ledger.TryScalarAsync<int>("SELECT 1"), "the ledger answers");

    /// <summary>The default value while the ledger is away.</summary>
    public static async Task<T> TryScalarAsync<T>(this TestLedger ledger, string sql)
        where T : struct
    {
        try
        {
            return await ledger.ScalarAsync<T>(sql);
        }
        catch (NpgsqlException)
        {
            return default;
        }
    }
}
