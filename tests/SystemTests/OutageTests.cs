using System.Diagnostics;
using AppHost.Embedded.Processes;
using Npgsql;
using SystemTests.History;
using SystemTests.Installed;

namespace SystemTests;

/// <summary>
/// The ledger cannot take mail: the doors say so within 5 s, with 503 and when to come again, and never say yes.
/// </summary>
public sealed class OutageTests
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("stopped")]
    [InlineData("killed")]
    [InlineData("no session left")]
    [InlineData("locked")]
    public async Task A_ledger_that_is_away_is_503_within_5_seconds_and_never_a_yes(string how)
    {
        await using var installation = await Installation.StartAsync(new() { Workers = 0 });
        var tenant = await installation.Ledger.CreateTenantAsync();
        var door = new DoorProbe(installation.Apis[0], tenant);
        await door.AskAsync(20, TimeSpan.FromSeconds(1));
        Assert.All(door.Take(), a => Assert.Equal(202, a.Status));

        var comeBack = await TakeAwayAsync(installation, how);
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        await door.AskAsync(20, TimeSpan.FromSeconds(6));
        var during = door.Take();
        await comeBack();
        await door.UntilYesAsync(TimeSpan.FromSeconds(20));

        Assert.All(during, a => Assert.Equal((503, true), (a.Status, a.SaysWhen)));
        var slowest = during.Max(a => a.Took);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{how}: {during.Count} answers, the slowest after {slowest.TotalSeconds:0.00} s"
        );
        Assert.True(slowest < AnswerWithin, $"an answer took {slowest}");
    }

    [Fact]
    public async Task A_full_disk_is_503_and_what_was_acknowledged_before_is_there_afterwards()
    {
        await using var disk = await SmallDisk.MountAsync(megabytes: 192);
        await using var installation = await Installation.StartAsync(
            new()
            {
                Workers = 0,
                PostgresFolder = disk.Path,
                PostgresSettings = new Dictionary<string, string>
                {
                    ["shared_buffers"] = "32MB",
                    ["max_wal_size"] = "48MB",
                    ["min_wal_size"] = "32MB",
                },
            }
        );
        var tenant = await installation.Ledger.CreateTenantAsync();
        var door = new DoorProbe(installation.Apis[0], tenant) { BodyBytes = 60_000 };
        await door.AskAsync(20, TimeSpan.FromSeconds(1));
        var before = door.Take();
        Assert.All(before, a => Assert.Equal(202, a.Status));

        disk.Fill();
        // What still fits into files that are there already may be accepted, and is; then nothing is.
        await door.AskAsync(100, TimeSpan.FromSeconds(8));
        var during = door.Take();
        disk.Free();
        if (installation.Servers.PostgresHasEnded)
        {
            await installation.Servers.StartPostgresAsync();
        }

        await door.UntilYesAsync(TimeSpan.FromSeconds(60));

        var yes = before.Concat(during).Where(a => a.Status == 202).Select(a => a.Message!.Value).ToArray();
        var stored = (await installation.Ledger.QueryAsync<Guid>("SELECT message_id FROM messages")).ToHashSet();
        Assert.DoesNotContain(yes, id => !stored.Contains(id));
        Assert.All(during.Where(a => a.Status != 202), a => Assert.Equal((503, true), (a.Status, a.SaysWhen)));
        Assert.Contains(during, a => a.Status == 503);
        var slowest = during.Max(a => a.Took);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"disk full: {during.Count(a => a.Status == 202)} fitted, {during.Count(a => a.Status == 503)} refused, the slowest after {slowest.TotalSeconds:0.00} s"
        );
        Assert.True(slowest < AnswerWithin, $"an answer took {slowest}");
    }

    [Fact]
    public async Task A_disk_that_became_read_only_is_503_and_what_was_acknowledged_before_is_there_afterwards()
    {
        var watch = Stopwatch.StartNew();
        await using var disk = await BreakingDisk.MountAsync(megabytes: 400);
        await using var installation = await Installation.StartAsync(
            new()
            {
                Workers = 0,
                PostgresFolder = disk.Path,
                PostgresSettings = new Dictionary<string, string>
                {
                    ["shared_buffers"] = "32MB",
                    ["max_wal_size"] = "64MB",
                },
            }
        );
        var tenant = await installation.Ledger.CreateTenantAsync();
        // The server's password, for one, is no part of the database.
        await disk.SettleAsync();
        var door = new DoorProbe(installation.Apis[0], tenant) { BodyBytes = 4_000 };
        await door.AskAsync(40, TimeSpan.FromSeconds(2));
        var before = door.Take();
        Assert.All(before, a => Assert.Equal(202, a.Status));

        // In the middle of the load: what was being committed then is either told as accepted and there, or not told so.
        var asking = door.AskAsync(20, TimeSpan.FromSeconds(8));
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        await disk.BreakAsync();
        var broken = Stopwatch.GetTimestamp();
        await asking;
        var during = door.Take();
        await door.AskAsync(20, TimeSpan.FromSeconds(1));
        var afterwards = door.Take();

        var mending = Stopwatch.StartNew();
        if (!installation.Servers.PostgresHasEnded)
        {
            await installation.Servers.StopPostgresAsync(AppHost.Embedded.Processes.Signal.Kill);
        }

        await disk.MendAsync();
        var mended = mending.Elapsed;
        await installation.Servers.StartPostgresAsync();
        await door.UntilYesAsync(TimeSpan.FromSeconds(60));
        var (again, all) = (mending.Elapsed - mended, watch.Elapsed);

        // The test's own session ended with the server too.
        await installation.Ledger.UntilAsync("SELECT true", TimeSpan.FromSeconds(20));
        var yes = before.Concat(during).Where(a => a.Status == 202).Select(a => a.Message!.Value).ToArray();
        var stored = (await installation.Ledger.QueryAsync<Guid>("SELECT message_id FROM messages")).ToHashSet();
        Assert.DoesNotContain(yes, id => !stored.Contains(id));
        Assert.All(during.Where(a => a.Status != 202), a => Assert.Equal((503, true), (a.Status, a.SaysWhen)));
        Assert.All(afterwards, a => Assert.Equal((503, true), (a.Status, a.SaysWhen)));
        Assert.All(during.Where(a => a.AnsweredAt > broken + Stopwatch.Frequency), a => Assert.Equal(503, a.Status));
        var slowest = during.Concat(afterwards).Max(a => a.Took);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"disk read-only: {yes.Length} acknowledged before and all there, {during.Count(a => a.Status == 503)} refused, the slowest after {slowest.TotalSeconds:0.00} s; stopped, checked and mounted in {mended.TotalSeconds:0.0} s, accepting {again.TotalSeconds:0.0} s later, {all.TotalSeconds:0} s in all"
        );
        Assert.True(slowest < AnswerWithin, $"an answer took {slowest}");
    }

    /// <summary>Breaks it; what is returned mends it.</summary>
    private static async Task<Func<Task>> TakeAwayAsync(Installation installation, string how)
    {
        var servers = installation.Servers;
        switch (how)
        {
            case "stopped":
                await servers.StopPostgresAsync(Servers.FastShutdown);
                return servers.StartPostgresAsync;
            case "killed":
                await servers.StopPostgresAsync(Signal.Kill);
                return servers.StartPostgresAsync;
            case "no session left":
                await RunAsync(servers, "ALTER ROLE gw_accept CONNECTION LIMIT 0");
                await servers.TerminateBackendsAsync();
                return () => RunAsync(servers, "ALTER ROLE gw_accept CONNECTION LIMIT -1");
            default:
                var connection = new NpgsqlConnection(servers.Ledger + ";Pooling=false");
                await connection.OpenAsync();
                await using (
                    var command = new NpgsqlCommand("BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE", connection)
                )
                {
                    await command.ExecuteNonQueryAsync();
                }

                return async () => await connection.DisposeAsync();
        }
    }

    private static async Task RunAsync(Servers servers, string sql)
    {
        await using var connection = new NpgsqlConnection(servers.Ledger + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
