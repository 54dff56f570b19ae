using Gateway.Api.Acceptance;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Tests.Acceptance;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Ledger;

public sealed class PartitionTests(TestCluster cluster)
{
    [Fact]
    public async Task Days_are_made_and_dropped_beside_traffic()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        using var stop = new CancellationTokenSource();
        var traffic = SendUntilAsync(acceptor, tenant, stop.Token);
        var past = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-100));

        await using (var owner = await ledger.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            for (var day = 0; day < 5; day++)
            {
                await Partitions.MakeDayAsync(owner, past.AddDays(day), CancellationToken.None);
                await Partitions.MakeDayAsync(owner, past.AddDays(200 + day), CancellationToken.None);
            }

            for (var day = 0; day < 5; day++)
            {
                await Partitions.DropDayAsync(owner, past.AddDays(day), CancellationToken.None);
            }

            // Again from the start, and again at the end: each step may be repeated.
            await Partitions.MakeDayAsync(owner, past.AddDays(200), CancellationToken.None);
            await Partitions.DropDayAsync(owner, past, CancellationToken.None);
            Assert.DoesNotContain(past, await Partitions.DaysAsync(owner, CancellationToken.None));
        }

        await stop.CancelAsync();
        var (accepted, slowest) = await traffic;
        Assert.True(accepted > 50, $"only {accepted} messages were accepted meanwhile");
        Assert.True(slowest < TimeSpan.FromSeconds(5), $"a message waited {slowest} for the upkeep");
        Assert.Equal((long)accepted, await ledger.ScalarAsync<long>("SELECT count(*) FROM messages"));
    }

    [Fact]
    public async Task An_interrupted_detach_is_finished_by_the_next_run()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var day = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-90));
        await using var owner = await ledger.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await Partitions.MakeDayAsync(owner, day, CancellationToken.None);
        await using (var reader = await ledger.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            // A reader's snapshot keeps the detach waiting until the lock time-out breaks it in the middle.
            await using var transaction = await reader.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using (var read = new Npgsql.NpgsqlCommand("SELECT count(*) FROM messages", reader))
            {
                await read.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            }

            await Assert.ThrowsAsync<Npgsql.PostgresException>(() =>
                Partitions.DropDayAsync(owner, day, CancellationToken.None)
            );
        }

        await Partitions.DropDayAsync(owner, day, CancellationToken.None);

        Assert.DoesNotContain(day, await Partitions.DaysAsync(owner, CancellationToken.None));
        Assert.Equal(
            0L,
            await ledger.ScalarAsync<long>($"SELECT count(*) FROM pg_class WHERE relname LIKE '%{day:yyyyMMdd}'")
        );
    }

    [Fact]
    public async Task Only_old_days_whose_deliveries_ended_long_ago_may_go()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        var now = DateTimeOffset.UtcNow;
        await using var owner = await ledger.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        foreach (var age in (int[])[60, 70, 80, 90])
        {
            var at = now.AddDays(-age);
            await Partitions.MakeDayAsync(owner, DateOnly.FromDateTime(at.UtcDateTime), CancellationToken.None);
            var id = LedgerId.NewMessage(at);
            await acceptor.AcceptAsync(
                TestSubmissions.Make(tenant) with
                {
                    MessageId = id,
                    SubmissionId = id,
                    AcceptedAt = at,
                }
            );
        }

        // 60 is too young, 70 has not ended, 80 ended a week ago, 90 ended long ago.
        await ledger.ExecuteAsync(
            "UPDATE deliveries SET ended_at = created_at + interval '1 day' WHERE created_at < now() - interval '85 days'"
        );
        await ledger.ExecuteAsync(
            "UPDATE deliveries SET ended_at = now() - interval '7 days' WHERE created_at BETWEEN now() - interval '85 days' AND now() - interval '75 days'"
        );

        var droppable = await Partitions.FindDroppableAsync(owner, now, CancellationToken.None);

        Assert.Equal([DateOnly.FromDateTime(now.AddDays(-90).UtcDateTime)], droppable);
    }

    [Fact]
    public void A_delivery_id_tells_its_message_and_its_day()
    {
        var at = new DateTimeOffset(2026, 11, 22, 23, 59, 59, 999, TimeSpan.Zero);
        var message = LedgerId.NewMessage(at);
        for (var place = 1; place <= LedgerId.MaxPlace; place += 311)
        {
            var delivery = LedgerId.Delivery(message, place);
            Assert.Equal(message, LedgerId.MessageOf(delivery));
            Assert.Equal(place, LedgerId.PlaceOf(delivery));
            Assert.Equal(at, LedgerId.TimeOf(delivery));
        }

        Assert.True(LedgerId.DayStart(new DateOnly(2026, 11, 22)).CompareTo(message) < 0);
        Assert.True(LedgerId.DayStart(new DateOnly(2026, 11, 23)).CompareTo(message) > 0);
        Assert.Equal(7, message.Version);
    }

    private static async Task<(int Accepted, TimeSpan Slowest)> SendUntilAsync(
        MessageAcceptor acceptor,
        TestTenant tenant,
        CancellationToken stop
    )
    {
        var (accepted, slowest) = (0, TimeSpan.Zero);
        while (!stop.IsCancellationRequested)
        {
            var began = TimeProvider.System.GetTimestamp();
            Assert.IsType<AcceptanceResult.Accepted>(await acceptor.AcceptAsync(TestSubmissions.Make(tenant)));
            var took = TimeProvider.System.GetElapsedTime(began);
            slowest = took > slowest ? took : slowest;
            accepted++;
        }

        return (accepted, slowest);
    }
}
