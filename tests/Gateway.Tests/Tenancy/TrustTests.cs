using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Worker.Trust;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Tenancy;

/// <summary>D24: a stream pauses by itself at its own bounces and complaints.</summary>
public sealed class TrustTests(TestCluster cluster)
{
    [Theory]
    [InlineData(199, 199, 199, TrustVerdict.Fine, null)]
    [InlineData(200, 0, 0, TrustVerdict.Fine, null)]
    [InlineData(200, 7, 0, TrustVerdict.Fine, null)]
    [InlineData(200, 8, 0, TrustVerdict.Warn, "hard_bounces")]
    [InlineData(200, 19, 0, TrustVerdict.Warn, "hard_bounces")]
    [InlineData(200, 20, 0, TrustVerdict.Pause, "hard_bounces")]
    [InlineData(200, 0, 1, TrustVerdict.Pause, "complaints")]
    [InlineData(1_000, 0, 1, TrustVerdict.Warn, "complaints")]
    [InlineData(1_251, 0, 1, TrustVerdict.Fine, null)]
    [InlineData(10_000, 999, 49, TrustVerdict.Warn, "complaints")]
    [InlineData(10_000, 1_000, 8, TrustVerdict.Pause, "hard_bounces")]
    [InlineData(10_000, 0, 50, TrustVerdict.Pause, "complaints")]
    public void A_lane_is_judged_by_its_shares(
        long outcomes,
        long bounces,
        long complaints,
        TrustVerdict verdict,
        string? cause
    ) =>
        Assert.Equal(
            new TrustJudgement(verdict, cause),
            LaneTrust.Judge(new LaneOutcomes(outcomes, bounces, complaints))
        );

    [Fact]
    public async Task A_stream_is_warned_then_paused_its_mail_waits_and_flows_when_resumed()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var (bad, good) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        using var watch = Watch(ledger);
        await watch.LookAsync(CancellationToken.None);
        await SendAsync(mail, bad, sent: 186, bounced: 14);
        await SendAsync(mail, good, sent: 200, bounced: 0);
        await LookPastAsync(ledger, watch);
        Assert.Equal("True warned", await LaneAsync(ledger, bad));
        Assert.Equal("True ", await LaneAsync(ledger, good));

        await SendAsync(mail, bad, sent: 0, bounced: 10);
        await Task.WhenAll(LookPastAsync(ledger, watch), LookPastAsync(ledger, Watch(ledger)));
        Assert.Equal("False warned", await LaneAsync(ledger, bad));
        Assert.Equal("200 24 210", await CountsAsync(ledger, bad, good));
        Assert.Equal(
            ["tenant.stream_warned", "tenant.stream_paused"],
            await ledger.QueryAsync<string>(
                "SELECT type FROM events WHERE tenant_id = @Id AND message_id IS NULL ORDER BY id",
                new { bad.Id }
            )
        );
        Assert.Equal(
            "24 hard bounces of 210 outcomes in 24 hours",
            await ledger.ScalarAsync<string>(
                "SELECT reason FROM audit WHERE tenant_id = @Id AND action = 'stream.pause'",
                new { bad.Id }
            )
        );

        await mail.AcceptAsync(bad);
        await mail.AcceptAsync(good);
        Assert.Equal(1, await mail.ServeAsync(LedgerMail.Sent));
        await ledger.ExecuteAsync("UPDATE lanes SET active = true WHERE tenant_id = @Id", new { bad.Id });
        Assert.Equal(1, await mail.ServeAsync(LedgerMail.Sent));
    }

    [Fact]
    public async Task Complaints_count_and_test_mail_does_not()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var tenant = await ledger.CreateTenantAsync();
        using var watch = Watch(ledger);
        await watch.LookAsync(CancellationToken.None);
        var messages = await SendAsync(mail, tenant, sent: 200, bounced: 0);
        await ledger.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, at)
            VALUES (@Id, @message, gen_random_uuid(), @message, @message, 9, 'complained', now())
            """,
            new { tenant.Id, message = messages[0] }
        );
        await LookPastAsync(ledger, watch);
        Assert.Equal("False ", await LaneAsync(ledger, tenant));

        var tester = await ledger.CreateTenantAsync();
        await SendAsync(mail, tester, sent: 0, bounced: 200, test: ledger);
        await LookPastAsync(ledger, watch);
        Assert.Equal("True ", await LaneAsync(ledger, tester));
    }

    private static TrustWatch Watch(TestLedger ledger) =>
        new(ledger.Worker, TimeProvider.System, NullLogger<TrustWatch>.Instance);

    /// <summary>Looks until all that is committed was counted: other tests' transactions hold the horizon back.</summary>
    private static async Task LookPastAsync(TestLedger ledger, TrustWatch watch)
    {
        var now = await ledger.ScalarAsync<string>("SELECT pg_current_xact_id()::text");
        await Running.Eventually.TrueAsync(
            async () =>
            {
                await watch.LookAsync(CancellationToken.None);
                return await ledger.ScalarAsync<bool>("SELECT xid > @now::xid8 FROM trust_cursor", new { now });
            },
            "the events are counted"
        );
    }

    private static async Task<IReadOnlyList<Guid>> SendAsync(
        LedgerMail mail,
        TestTenant tenant,
        int sent,
        int bounced,
        TestLedger? test = null
    )
    {
        var messages = await Task.WhenAll(Enumerable.Range(0, sent + bounced).Select(_ => mail.AcceptAsync(tenant)));
        if (test is not null)
        {
            await test.ExecuteAsync("UPDATE messages SET mode = 'test' WHERE tenant_id = @Id", new { tenant.Id });
        }

        var left = bounced;
        while (
            await mail.ServeAsync(_ => Interlocked.Decrement(ref left) >= 0 ? LedgerMail.Bounced : LedgerMail.Sent) > 0
        ) { }
        return messages;
    }

    private static Task<string> LaneAsync(TestLedger ledger, TestTenant tenant) =>
        ledger.ScalarAsync<string>(
            """
            SELECT initcap(active::text) || ' ' || CASE WHEN warned_at IS NULL THEN '' ELSE 'warned' END
            FROM lanes WHERE tenant_id = @Id AND stream = 'transactional'
            """,
            new { tenant.Id }
        );

    private static Task<string> CountsAsync(TestLedger ledger, TestTenant bad, TestTenant good) =>
        ledger.ScalarAsync<string>(
            """
            SELECT (SELECT sum(outcomes) FROM lane_outcomes WHERE tenant_id = @good) || ' '
                || sum(hard_bounces) || ' ' || sum(outcomes) FROM lane_outcomes WHERE tenant_id = @bad
            """,
            new { bad = bad.Id, good = good.Id }
        );
}
