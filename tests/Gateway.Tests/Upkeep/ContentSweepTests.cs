using Gateway.Api.Acceptance;
using Gateway.Tests.Acceptance;
using Gateway.Tests.Cluster;
using Gateway.Worker.Upkeep;

namespace Gateway.Tests.Upkeep;

/// <summary>Content goes when its time is over, never before, and nothing else goes with it.</summary>
public sealed class ContentSweepTests(TestCluster cluster)
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Theory]
    // The state, days since its end (or since its last change), days of the tenant's own: is the content gone?
    [InlineData("delivered", 29, null, false)]
    [InlineData("delivered", 31, null, true)]
    [InlineData("bounced", 31, null, true)]
    [InlineData("delivered", 6, 7, false)]
    [InlineData("delivered", 8, 7, true)]
    [InlineData("suppressed", 1, 0, true)]
    [InlineData("sent", 3, 0, false)]
    [InlineData("sent", 5, 0, true)]
    [InlineData("held", 60, null, false)]
    [InlineData("queued", 60, 0, false)]
    public async Task Content_goes_a_set_time_after_the_end(string state, int days, int? own, bool gone)
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await SetDaysAsync(ledger, tenant, own);
        await AcceptAsync(ledger, TestSubmissions.Make(tenant));
        await EndAsync(ledger, state, Now);

        await SweepAsync(ledger, Now.AddDays(days));

        Assert.Equal(gone ? 0 : 1, await ContentsAsync(ledger));
        Assert.Equal((1L, 1L), (await CountAsync(ledger, "messages"), await CountAsync(ledger, "deliveries")));
    }

    [Fact]
    public async Task What_was_busy_when_the_sweep_passed_goes_with_a_later_one()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await AcceptAsync(ledger, [.. Enumerable.Range(0, 3).Select(_ => TestSubmissions.Make(tenant))]);
        await EndAsync(ledger, "delivered", Now);
        var held = await ledger.ScalarAsync<Guid>(
            "SELECT message_id FROM messages ORDER BY message_id OFFSET 1 LIMIT 1"
        );
        await ledger.ExecuteAsync(
            "UPDATE deliveries SET state = 'held', ended_at = NULL WHERE message_id = @held",
            new { held }
        );

        await SweepAsync(ledger, Now.AddDays(31));
        Assert.Equal(held, await ledger.ScalarAsync<Guid>("SELECT message_id FROM bodies WHERE content IS NOT NULL"));
        await SweepAsync(ledger, Now.AddDays(32));
        Assert.Equal(1, await ContentsAsync(ledger));

        await EndAsync(ledger, "cancelled", Now.AddDays(32));
        await SweepAsync(ledger, Now.AddDays(63));

        Assert.Equal((0L, 0L), (await ContentsAsync(ledger), await CountAsync(ledger, "content_kept")));
    }

    [Fact]
    public async Task Content_that_a_batch_shares_stays_for_its_last_message()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        var batch = Guid.CreateVersion7();
        await AcceptAsync(
            ledger,
            [.. Enumerable.Range(0, 20).Select(_ => TestSubmissions.Make(tenant) with { SubmissionId = batch })]
        );
        await EndAsync(ledger, "delivered", Now);
        var (last, body) = Assert.Single(
            await ledger.QueryAsync<(Guid, Guid)>(
                "SELECT message_id, body_message_id FROM messages WHERE body_message_id <> message_id ORDER BY 1 DESC LIMIT 1"
            )
        );
        await ledger.ExecuteAsync(
            "UPDATE deliveries SET state = 'queued', ended_at = NULL WHERE message_id = @last",
            new { last }
        );

        await SweepAsync(ledger, Now.AddDays(31));

        Assert.Equal(body, await ledger.ScalarAsync<Guid>("SELECT message_id FROM bodies WHERE content IS NOT NULL"));
        await EndAsync(ledger, "delivered", Now);
        await SweepAsync(ledger, Now.AddDays(31));
        Assert.Equal(0, await ContentsAsync(ledger));
    }

    [Fact]
    public async Task The_sandboxs_inbox_is_emptied_too()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await AcceptAsync(ledger, TestSubmissions.Make(tenant));
        await ledger.ExecuteAsync(
            """
            INSERT INTO sandbox_messages (tenant_id, delivery_id, message_id, mail_from, rcpt_to, raw)
            SELECT tenant_id, delivery_id, message_id, 'a@b.example', recipient, 'mail' FROM deliveries
            """
        );

        await SweepAsync(ledger, Now.AddDays(29));
        Assert.Equal(1, await CountAsync(ledger, "sandbox_messages"));
        await SweepAsync(ledger, Now.AddDays(31));

        Assert.Equal(0, await CountAsync(ledger, "sandbox_messages"));
    }

    private static async Task AcceptAsync(TestLedger ledger, params Submission[] messages)
    {
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        Assert.All(
            await Task.WhenAll(messages.Select(acceptor.AcceptAsync)),
            r => Assert.IsType<AcceptanceResult.Accepted>(r)
        );
    }

    private static Task EndAsync(TestLedger ledger, string state, DateTimeOffset at) =>
        ledger.ExecuteAsync(
            """
            UPDATE deliveries SET state = @state, updated_at = @at,
                ended_at = CASE WHEN @state IN ('delivered', 'bounced', 'suppressed', 'cancelled') THEN @at END
            WHERE ended_at IS NULL
            """,
            new { state, at }
        );

    private static Task SetDaysAsync(TestLedger ledger, TestTenant tenant, int? days) =>
        ledger.ExecuteAsync(
            "UPDATE tenants SET settings = jsonb_strip_nulls(jsonb_build_object('content_days', @days)) WHERE tenant_id = @Id",
            new { days, tenant.Id }
        );

    private static async Task SweepAsync(TestLedger ledger, DateTimeOffset now)
    {
        await using var owner = await ledger.Owner.OpenConnectionAsync();
        await ContentSweep.RunAsync(owner, now, CancellationToken.None);
    }

    private static Task<long> ContentsAsync(TestLedger ledger) =>
        ledger.ScalarAsync<long>("SELECT count(*) FROM bodies WHERE content IS NOT NULL");

    private static Task<long> CountAsync(TestLedger ledger, string table) =>
        ledger.ScalarAsync<long>($"SELECT count(*) FROM {table}");
}
