using Gateway.Api.Acceptance;
using Gateway.Api.Throttling;
using Gateway.Tenants;
using Gateway.Tests.Acceptance;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Npgsql;
using static Gateway.Tests.Throttling.LimitedSubmissions;

namespace Gateway.Tests.Throttling;

/// <summary>What acceptance does with limits that refuse.</summary>
public sealed class LimitTests(TestCluster cluster)
{
    [Fact]
    public async Task A24_Replicas_together_store_exactly_what_a_limit_holds()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        var replicas = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => LimitedReplica.StartAsync(cluster, ledger))
        );
        var limit = Limit(LimitScope.Tenant, 100);

        var results = await Task.WhenAll(
            Enumerable.Range(0, 400).Select(i => replicas[i % 4].AcceptAsync(tenant.Limited(limit)))
        );

        Assert.Equal(100, results.Count(r => r is AcceptanceResult.Accepted));
        Assert.Equal(300, results.Count(r => r is AcceptanceResult.Throttled));
        Assert.Equal(100L, await ledger.ScalarAsync<long>("SELECT count(*) FROM messages"));
        var throttled = results.OfType<AcceptanceResult.Throttled>().First();
        Assert.InRange(throttled.RetryAfterSeconds, 590, 607);
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_stores_nothing_costs_nothing()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=a;Password=b;Timeout=1");
        await using var broken = await LimitedReplica.StartAsync(cluster, ledger, nowhere);
        var limit = Limit(LimitScope.Tenant, 100);
        var first = tenant.Limited(limit).WithKey("k");
        Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(first));

        for (var i = 0; i < 5; i++)
        {
            var replay = await replica.AcceptAsync(tenant.Limited(limit).WithKey("k"));
            Assert.True(Assert.IsType<AcceptanceResult.Accepted>(replay).Replayed);
        }

        Assert.IsType<AcceptanceResult.KeyReused>(
            await replica.AcceptAsync(tenant.Limited(limit).WithKey("k", "another body"))
        );
        Assert.IsType<AcceptanceResult.Refused>(
            await replica.AcceptAsync(tenant.Limited(limit) with { Subject = "a\0b" })
        );
        Assert.IsType<AcceptanceResult.Unavailable>(await broken.AcceptAsync(tenant.Limited(limit)));
        await Eventually.EqualAsync(1, () => replica.CountedAsync(ThrottleKey.Of(first)), "only the first one counts");
    }

    [Fact]
    public async Task What_can_never_fit_is_refused_at_once_and_for_good()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        foreach (var over in new[] { OverLimit.Refuse, OverLimit.Wait })
        {
            var limit = Limit(LimitScope.Tenant, 2, over, unit: LimitUnit.Recipients);
            var message = tenant.Limited(limit, "a@example.net", "b@example.net", "c@example.net");

            var result = Assert.IsType<AcceptanceResult.TooLargeForLimit>(await replica.AcceptAsync(message));

            Assert.Equal((2L, 3L), (result.Limit.Cap, result.Units));
        }

        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM messages"));
    }

    [Fact]
    public async Task A_tenant_without_limits_asks_nobody()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        var limit = Limit(LimitScope.Key, 1, subject: "another key");

        Assert.Null(MessageCharge.Of(TestSubmissions.Make(tenant)));
        Assert.Null(MessageCharge.Of(tenant.Limited(limit)));
        Assert.Null(MessageCharge.Of(tenant.OfMonth(1) with { Mode = "test" }));
    }

    [Fact]
    public async Task Equal_limits_of_plan_and_trial_are_one_and_the_lower_holds()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        var limit = Limit(LimitScope.Tenant, 500);
        var message = tenant.Limited(limit);
        message = message with { Tenant = message.Tenant! with { Limits = [limit, limit with { Cap = 100 }] } };

        var charge = MessageCharge.Of(message)!;

        Assert.Equal(100, Assert.Single(charge.Limits).Cap);
        Assert.Equal([1L], charge.Units);
    }

    [Theory]
    [InlineData(LimitScope.Tenant, LimitUnit.Messages, 10)]
    [InlineData(LimitScope.Tenant, LimitUnit.Recipients, 20)]
    [InlineData(LimitScope.Key, LimitUnit.Messages, 10)]
    [InlineData(LimitScope.SendingDomain, LimitUnit.Recipients, 20)]
    [InlineData(LimitScope.Stream, LimitUnit.Messages, 10)]
    [InlineData(LimitScope.RecipientDomain, LimitUnit.Messages, 10)]
    [InlineData(LimitScope.RecipientDomain, LimitUnit.Recipients, 10)]
    public async Task A_long_window_that_Redis_lost_is_counted_from_the_ledger(
        LimitScope scope,
        LimitUnit unit,
        int counted
    )
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        var subject = scope == LimitScope.RecipientDomain ? "slow.example" : "";
        var limit = Limit(scope, 1_000, subject: subject, unit: unit, seconds: 3600);
        Submission Next() => tenant.Limited(limit, "a@slow.example", "b@example.net");
        for (var i = 0; i < 10; i++)
        {
            Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(Next()));
        }

        // Neither another tenant's nor test mail is among them.
        var other = await ledger.CreateTenantAsync();
        await replica.AcceptAsync(other.Limited(limit, "a@slow.example"));
        await replica.AcceptAsync(Next() with { Mode = "test" });
        var key = ThrottleKey.Of(Next());
        Assert.Equal(counted, await replica.CountedAsync(key));

        await replica.ForgetAsync(key);
        Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(Next()));

        Assert.Equal(counted + (counted / 10), await replica.CountedAsync(key));
    }

    [Fact]
    public async Task The_month_is_counted_in_the_ledger_and_refuses_beyond_its_quota()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var one = await LimitedReplica.StartAsync(cluster, ledger);
        await using var two = await LimitedReplica.StartAsync(cluster, ledger);
        Submission Next() => tenant.OfMonth(50, "a@example.net", "b@example.net");

        var results = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => (i % 2 == 0 ? one : two).AcceptAsync(Next()))
        );

        Assert.Equal(25, results.Count(r => r is AcceptanceResult.Accepted));
        var refused = results.OfType<AcceptanceResult.Throttled>().First();
        Assert.True(refused.IsMonthQuota);
        Assert.InRange(refused.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromDays(31));
        Assert.Equal(50L, await UsedAsync(ledger));

        await one.ForgetAsync(ThrottleKey.Of(Next()));
        Assert.IsType<AcceptanceResult.Throttled>(await two.AcceptAsync(Next()));
        Assert.Equal(50L, await UsedAsync(ledger));
    }

    [Fact]
    public async Task The_months_sum_is_that_of_the_ledger()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenants = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ledger.CreateTenantAsync()));
        await using var one = TestSubmissions.Acceptor(ledger);
        await using var two = TestSubmissions.Acceptor(ledger);

        await Task.WhenAll(
            Enumerable
                .Range(0, 500)
                .Select(i =>
                    (i % 2 == 0 ? one : two).AcceptAsync(
                        TestSubmissions
                            .Make(
                                tenants[i % 5],
                                [.. Enumerable.Range(0, 1 + (i % 3)).Select(r => $"r{r}@example.net")]
                            )
                            .WithKey($"{i / 10}")
                    )
                )
        );

        Assert.Empty(
            await ledger.QueryAsync<Guid>(
                """
                SELECT tenant_id FROM (
                    SELECT tenant_id, sum(messages) AS messages, sum(recipients) AS recipients FROM usage_months GROUP BY 1) u
                FULL JOIN (SELECT tenant_id, count(DISTINCT message_id) AS messages, count(*) AS recipients
                    FROM deliveries GROUP BY 1) l USING (tenant_id)
                WHERE (u.messages, u.recipients) IS DISTINCT FROM (l.messages::numeric, l.recipients::numeric)
                """
            )
        );
    }

    [Fact]
    public async Task A_tenant_is_told_at_80_and_at_100_percent()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        for (var i = 0; i < 15; i++)
        {
            await replica.AcceptAsync(tenant.Limited(Limit(LimitScope.Stream, 10)));
        }

        await Eventually.EqualAsync(
            "limit.reached stream transactional 10,limit.warning stream transactional 8",
            () =>
                ledger.ScalarAsync<string>(
                    """
                    SELECT string_agg(concat_ws(' ', type, data ->> 'scope', data ->> 'subject', data ->> 'used'), ',' ORDER BY type)
                    FROM events WHERE message_id IS NULL AND bucket = id AND tenant_id = @Id
                    """,
                    new { tenant.Id }
                ),
            "both events, once each"
        );
    }

    private static Task<long> UsedAsync(TestLedger ledger) =>
        ledger.ScalarAsync<long>("SELECT sum(recipients)::bigint FROM usage_months");
}
