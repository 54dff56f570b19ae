using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;
using Gateway.Webhooks.Outbound;

namespace Gateway.Tests.Subscriptions;

/// <summary>Many endpoints, several replicas, and what each keeps from the others.</summary>
public sealed class SharingTests(TestCluster cluster)
{
    [Fact]
    public async Task Endpoints_that_hang_delay_nobody_else()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = async (call, http) =>
        {
            if (call.Path == "/hangs")
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        };
        await using var host = await SubscriptionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var good = await host.SubscribeAsync(tenant, receiver.Url("/good"));
        var hanging = new List<Subscriber>();
        for (var i = 0; i < 30; i++)
        {
            hanging.Add(await host.SubscribeAsync(tenant, receiver.Url("/hangs")));
        }

        await using var sender = await WebhookSender.StartAsync(
            host.Ledger,
            new OutboundOptions { Timeout = TimeSpan.FromSeconds(4) }
        );
        var written = new ConcurrentDictionary<Guid, long>();
        for (var i = 0; i < 60; i++)
        {
            var at = Stopwatch.GetTimestamp();
            written[await SendingTests.AppendAsync(host.Ledger, tenant, "limit.warning")] = at;
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(receiver.CallsAt("/good").Count >= 60),
            "the good one is told everything",
            TimeSpan.FromSeconds(4)
        );
        Assert.True(receiver.CallsAt("/hangs").Count >= 30);
        hanging.ForEach(h => h.Dispose());
    }

    [Fact]
    public async Task Replicas_share_the_endpoints_and_take_up_what_one_leaves()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        for (var i = 0; i < 12; i++)
        {
            (await host.SubscribeAsync(tenant, receiver.Url($"/{i}"))).Dispose();
        }

        var options = new OutboundOptions { AliveFor = TimeSpan.FromSeconds(5) };
        var first = await WebhookSender.StartAsync(host.Ledger, options);
        await OwnedAsync(host, first, 12);
        await using var second = await WebhookSender.StartAsync(host.Ledger, options);
        await OwnedAsync(host, first, 6);
        await OwnedAsync(host, second, 6);
        var before = await SendingTests.AppendAsync(host.Ledger, tenant, "limit.warning");
        await ToldAsync(receiver, before, 12);

        await first.DisposeAsync();
        await OwnedAsync(host, second, 12);
        var after = await SendingTests.AppendAsync(host.Ledger, tenant, "limit.warning");
        await ToldAsync(receiver, after, 12);
        Assert.All(receiver.Calls.GroupBy(c => (c.Path, c.Id)), g => Assert.Single(g));
    }

    [Fact]
    public async Task A_former_owners_late_word_moves_nothing()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        var options = new OutboundOptions();
        SenderBook former = new(host.Ledger.Worker, TestKeys.Master, options),
            present = new(host.Ledger.Worker, TestKeys.Master, options);
        await former.KeepAsync(default);
        var (_, owned) = await former.ReadAsync([], default);
        var endpoint = new Endpoint(owned[0].Config, owned[0].Fence, owned[0].Place, owned[0].Health);
        await host.Ledger.ExecuteAsync("UPDATE webhook_senders SET alive_until = now() - interval '1 second'");
        await present.KeepAsync(default);
        Assert.Single((await present.ReadAsync([], default)).Owned);
        Assert.Empty((await former.ReadAsync([], default)).Owned);

        var moved = owned[0].Place with { Xid = ulong.MaxValue / 4 };
        var journal = new ResultJournal(host.Ledger.Worker, former, TimeProvider.System);
        Assert.Empty(await journal.WriteAsync([], [new EndpointState(endpoint, moved, default)], default));
        Assert.False(
            await host.Ledger.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM subscription_places WHERE xid = @x::text::xid8)",
                new { x = moved.Xid.ToString() }
            )
        );
    }

    [Fact]
    public async Task Five_days_of_failures_switch_an_endpoint_off_and_the_tenant_is_told()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (call, http) =>
        {
            http.Response.StatusCode = call.Path == "/bad" ? 500 : 200;
            return Task.CompletedTask;
        };
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var bad = await host.SubscribeAsync(receiver.Url("/bad"), "limit.*");
        using var other = await host.SubscribeAsync(bad.Tenant, receiver.Url("/notices"), "subscription.disabled");
        await host.Ledger.ExecuteAsync(
            """
            UPDATE subscription_places SET failures = 30, failing_since = now() - interval '5 days', failed_at = now()
            WHERE subscription_id = @Id
            """,
            new { bad.Id }
        );
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        await SendingTests.AppendAsync(host.Ledger, bad.Tenant, "limit.warning");
        await Eventually.EqualAsync("disabled", async () => (await bad.ReadAsync())["state"], "it is switched off");
        await Eventually.TrueAsync(
            () => Task.FromResult(receiver.CallsAt("/notices").Count == 1),
            "the tenant is told"
        );
        var told = receiver.CallsAt("/notices")[0].Json.GetProperty("data").GetProperty("data");
        Assert.Equal(bad.Id, told.GetProperty("subscription_id").GetGuid());
        Assert.Equal("failing", told.GetProperty("reason").GetString());

        // A test passes while it is off; with it on again what waited is told at once.
        receiver.Always(200);
        Assert.Equal("delivered", (await SendingTests.TestAsync(bad)).Body["delivery"]!["result"]!.ToString());
        Assert.Equal("1", (await bad.ReadAsync())["waiting"]);
        await bad.ChangeAsync(new { state = "active" }).Expect(200);
        await Eventually.EqualAsync("0", async () => (await bad.ReadAsync())["waiting"], "what waited is told");
        Assert.Null((await bad.ReadAsync())["failing_since"]);
    }

    [Fact]
    public async Task A_writer_that_commits_late_is_told_and_a_restored_ledger_is_read_on()
    {
        await using var own = await TestCluster.StartPrivateAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(own);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        var late = LedgerId.New(DateTimeOffset.UtcNow);
        List<Guid> told = [];
        await using (await WebhookSender.StartAsync(host.Ledger))
        {
            await using (var writer = await host.Ledger.Worker.OpenConnectionAsync())
            await using (var transaction = await writer.BeginTransactionAsync())
            {
                await writer.ExecuteAsync(
                    "INSERT INTO events (tenant_id, bucket, id, type, at) VALUES (@owner, @late, @late, 'limit.warning', now())",
                    new { owner = subscriber.Tenant.Id, late },
                    transaction
                );
                told.Add(await SendingTests.AppendAsync(host.Ledger, subscriber.Tenant, "limit.reached"));
                await transaction.CommitAsync();
            }

            await SendingTests.UntilAsync(receiver, 2);
        }

        // As after a restore elsewhere: transactions are numbered anew, below the present.
        await host.Ledger.ExecuteAsync(
            """
            UPDATE installation SET cell_epoch = cell_epoch + 1;
            UPDATE events e SET xid = n.n::text::xid8
            FROM (SELECT id, row_number() OVER (ORDER BY xid, id) AS n FROM events) n WHERE n.id = e.id;
            """
        );
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        told.Add(await SendingTests.AppendAsync(host.Ledger, subscriber.Tenant, "limit.reached"));
        await SendingTests.UntilAsync(receiver, 3);
        Assert.Equal(told.Append(late).Select(i => i.ToString()).Order(), receiver.Calls.Select(c => c.Id).Order());
    }

    private static Task OwnedAsync(SubscriptionHost host, WebhookSender sender, int count) =>
        Eventually.EqualAsync(
            count,
            () =>
                host.Ledger.ScalarAsync<int>(
                    "SELECT count(*)::int FROM subscription_places WHERE owner = @Id",
                    new { sender.Book.Id }
                ),
            "endpoints of a replica"
        );

    private static Task ToldAsync(Receiver receiver, Guid id, int endpoints) =>
        Eventually.TrueAsync(
            () => Task.FromResult(receiver.Calls.Count(c => c.Id == id.ToString()) == endpoints),
            $"{endpoints} endpoints are told {id}"
        );
}
