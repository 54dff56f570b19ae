using System.Text.Json.Nodes;
using Gateway.Subscriptions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Subscriptions;

/// <summary>What an endpoint is told, and what its answers do.</summary>
public sealed class SendingTests(TestCluster cluster)
{
    [Fact]
    public async Task An_endpoint_is_told_exactly_what_the_event_list_shows()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        await host.Mail.AcceptAsync(subscriber.Tenant, new() { To = ["ann@example.com", "bob@example.com"] });
        await host.Mail.ServeAsync(LedgerMail.Bounced);
        await UntilAsync(receiver, 6);

        var shown = (await subscriber.Client.GetJsonAsync("/v1/events").Expect(200)).Items;
        Assert.Equal(6, shown.Count);
        foreach (var item in shown)
        {
            var call = Assert.Single(receiver.Calls, c => c.Id == item["id"]!.ToString());
            var told = JsonNode.Parse(call.Body)!;
            Assert.True(JsonNode.DeepEquals(item, told["data"]), $"{item} is told as {told}");
            Assert.Equal(item["type"]!.ToString(), call.Type);
            Assert.Equal(item["at"]!.GetValue<DateTimeOffset>(), told["timestamp"]!.GetValue<DateTimeOffset>());
            Assert.Equal("application/json", call.Headers["content-type"]);
            VerifiedBy(call, subscriber.Secret);
        }

        await Eventually.EqualAsync(6, async () => (await subscriber.TriesAsync()).Count, "the log is written");
        Assert.All(
            await subscriber.TriesAsync("?result=delivered"),
            t =>
                Assert.Equal(
                    ("200", "1", "event"),
                    (t["status"]!.ToString(), t["attempt"]!.ToString(), t["kind"]!.ToString())
                )
        );
        var view = await subscriber.ReadAsync();
        Assert.Equal(("0", "active", null), (view["waiting"], view["state"], view["failing_since"]));
    }

    [Fact]
    public async Task Only_wanted_types_are_told_and_only_what_came_after_the_subscription()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(LedgerMail.Sent);
        using var client = host.Client(tenant);
        // While an older transaction of the cluster runs, these are not surely past for a subscription either.
        await Eventually.EqualAsync(
            3,
            async () => (await client.GetJsonAsync("/v1/events").Expect(200)).Items.Count,
            "the past is past"
        );
        using var all = await host.SubscribeAsync(tenant, receiver.Url("/all"));
        using var some = await host.SubscribeAsync(tenant, receiver.Url("/some"), "sent", "domain.*");
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(LedgerMail.Sent);
        var id = await AppendAsync(host.Ledger, tenant, "domain.verified");
        await UntilAsync(receiver, 6);

        Assert.Equal(
            ["accepted", "domain.verified", "sending", "sent"],
            receiver.CallsAt("/all").Select(c => c.Type).Order()
        );
        Assert.Equal(["domain.verified", "sent"], receiver.CallsAt("/some").Select(c => c.Type).Order());
        Assert.Contains(receiver.CallsAt("/some"), c => c.Id == id.ToString());
    }

    [Fact]
    public async Task A_failure_is_tried_again_by_the_schedule_with_the_same_id_and_a_new_signature()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Always(500);
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        var id = await AppendAsync(host.Ledger, subscriber.Tenant, "limit.reached");

        for (var made = 1; made < RetrySchedule.Delays.Count; made++)
        {
            var count = made;
            await Eventually.EqualAsync(made, () => WaitingAsync(host.Ledger, id), $"try {made} is written down");
            var wait = await host.Ledger.ScalarAsync<double>(
                "SELECT extract(epoch FROM next_at - (at + took_ms * interval '1 ms'))::float8 FROM webhook_deliveries WHERE event_id = @id AND attempt = @count",
                new { id, count }
            );
            var planned = RetrySchedule.Delays[made].TotalSeconds;
            Assert.InRange(wait, (planned * 0.9) - 0.1, (planned * 1.1) + 3);
            await host.Ledger.ExecuteAsync("UPDATE webhook_waiting SET due_at = now()");
        }

        await Eventually.EqualAsync(
            "exhausted",
            async () => (await subscriber.TriesAsync())[0]["result"]!.ToString(),
            "the last try is the last"
        );
        Assert.Equal(0L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM webhook_waiting"));
        Assert.Equal(8, receiver.Calls.Count);
        Assert.All(receiver.Calls, c => Assert.Equal(id.ToString(), c.Id));
        Assert.All(receiver.Calls, c => VerifiedBy(c, subscriber.Secret));
        Assert.All(receiver.Calls, c => Assert.Equal(receiver.Calls[0].Body, c.Body));
        Assert.Equal(
            Enumerable.Range(1, 8).Reverse(),
            (await subscriber.TriesAsync()).Select(t => t["attempt"]!.GetValue<int>())
        );

        // Replayed by its id it begins anew, and the endpoint is back.
        receiver.Always(204);
        await subscriber.Client.PostJsonAsync($"{subscriber.Path}/replay", new { events = new[] { id } }).Expect(202);
        await UntilAsync(receiver, 9);
        Assert.Equal(id.ToString(), receiver.Calls[8].Id);
    }

    [Theory]
    [InlineData(302, "location", "http://127.0.0.1:1/elsewhere", "failed")]
    [InlineData(429, "retry-after", "7200", "failed")]
    [InlineData(503, "retry-after", "7200", "failed")]
    [InlineData(500, "webhook-delivery", "abort-message", "aborted")]
    [InlineData(410, null, null, "gone")]
    [InlineData(404, null, null, "failed")]
    public async Task Each_answer_has_its_consequence(int status, string? header, string? value, string result)
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Always(status, header, value);
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        var id = await AppendAsync(host.Ledger, subscriber.Tenant, "limit.reached");
        await Eventually.EqualAsync(1, async () => (await subscriber.TriesAsync()).Count, "one try is written down");

        var made = (await subscriber.TriesAsync())[0];
        Assert.Equal((result, status), (made["result"]!.ToString(), made["status"]!.GetValue<int>()));
        if (header == "retry-after")
        {
            Assert.True(made["next_at"]!.GetValue<DateTimeOffset>() > DateTimeOffset.UtcNow.AddMinutes(110));
            Assert.NotNull((await subscriber.ReadAsync())["rests_until"]);
        }

        if (result == "aborted")
        {
            Assert.Null(made["next_at"]);
            Assert.Equal("0", (await subscriber.ReadAsync())["waiting"]);
        }

        if (result == "gone")
        {
            await Eventually.EqualAsync(
                "disabled",
                async () => (await subscriber.ReadAsync())["state"],
                "410 disables"
            );
            Assert.Equal("gone", (await subscriber.ReadAsync())["reason"]);
            // An event is shown when no older transaction of the cluster runs any more.
            IReadOnlyList<JsonNode> notices = [];
            await Eventually.TrueAsync(
                async () =>
                {
                    notices = (
                        await subscriber.Client.GetJsonAsync("/v1/events?type=subscription.disabled").Expect(200)
                    ).Items;
                    return notices.Count > 0;
                },
                "the tenant is told"
            );
            Assert.Equal(subscriber.Id.ToString(), Assert.Single(notices)["data"]!["subscription_id"]!.ToString());

            // It keeps its place: resumed, it is told what it refused and what came meanwhile.
            var later = await AppendAsync(host.Ledger, subscriber.Tenant, "limit.warning");
            receiver.Always(200);
            await subscriber.ChangeAsync(new { state = "active" }).Expect(200);
            await UntilAsync(receiver, 4);
            Assert.Equal(
                new[] { id, later }.Select(i => i.ToString()).Order(),
                receiver
                    .Calls.Skip(1)
                    .Where(c => c.Type.StartsWith("limit", StringComparison.Ordinal))
                    .Select(c => c.Id)
                    .Order()
            );
        }
        else
        {
            Assert.Single(receiver.Calls);
        }
    }

    [Fact]
    public async Task A_paused_subscription_keeps_its_place()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        await AppendAsync(host.Ledger, subscriber.Tenant, "limit.warning");
        await UntilAsync(receiver, 1);
        await subscriber.ChangeAsync(new { state = "paused" }).Expect(200);
        Assert.Equal("done", (await TestAsync(subscriber))["state"]);
        List<string> ids = [];
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await AppendAsync(host.Ledger, subscriber.Tenant, "limit.reached")).ToString());
        }

        Assert.Equal("done", (await TestAsync(subscriber))["state"]);
        Assert.Equal(3, receiver.Calls.Count);
        await subscriber.ChangeAsync(new { state = "active" }).Expect(200);
        await UntilAsync(receiver, 8);
        Assert.Equal(ids.Order(), receiver.Calls.Where(c => c.Type == "limit.reached").Select(c => c.Id).Order());
    }

    [Fact]
    public async Task While_a_secret_is_replaced_both_sign()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        var rotated = await subscriber.Client.PostJsonAsync($"{subscriber.Path}/rotate", null).Expect(200);
        Assert.NotEqual(subscriber.Secret, rotated["secret"]);
        var until = rotated.Body["former_secrets_until"]!.AsArray().Single()!.GetValue<DateTimeOffset>();
        Assert.InRange(until - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24.1));
        Assert.Equal("done", (await TestAsync(subscriber))["state"]);
        VerifiedBy(receiver.Calls[0], subscriber.Secret);
        VerifiedBy(receiver.Calls[0], rotated["secret"]!);
        Assert.Equal(2, receiver.Calls[0].Headers["webhook-signature"].Split(' ').Length);

        // A leaked one ends at once, and the ones before with it.
        var last = await subscriber
            .Client.PostJsonAsync($"{subscriber.Path}/rotate", new { overlap_hours = 0 })
            .Expect(200);
        await Eventually.TrueAsync(
            async () =>
            {
                await TestAsync(subscriber);
                return receiver.Calls[^1].Headers["webhook-signature"].Split(' ').Length == 1;
            },
            "one signature is left"
        );
        VerifiedBy(receiver.Calls[^1], last["secret"]!);
    }

    [Fact]
    public async Task A_window_is_sent_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url(), "limit.reached");
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        const int events = 500;
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, type, at)
            SELECT @Id, gen, gen, CASE WHEN n % 2 = 0 THEN 'limit.reached' ELSE 'limit.warning' END, now()
            FROM generate_series(1, @events * 2) n CROSS JOIN LATERAL (
                SELECT overlay(@base::text PLACING lpad(to_hex(n), 12, '0') FROM 25)::uuid AS gen) g
            """,
            new
            {
                subscriber.Tenant.Id,
                events,
                @base = Gateway.Ledger.LedgerId.New(DateTimeOffset.UtcNow),
            }
        );
        await UntilAsync(receiver, events);
        var begun = await subscriber
            .Client.PostJsonAsync($"{subscriber.Path}/replay", new { since = DateTimeOffset.UtcNow.AddMinutes(-10) })
            .Expect(202);
        await UntilAsync(receiver, events * 2);
        Assert.All(receiver.Calls.GroupBy(c => c.Id), g => Assert.Equal(2, g.Count()));
        await Eventually.EqualAsync(
            "done",
            async () =>
                (await subscriber.Client.GetJsonAsync($"{subscriber.Path}/replays")).Items[0]["state"]!.ToString(),
            "the replay ends"
        );
        var shown = (await subscriber.Client.GetJsonAsync($"{subscriber.Path}/replays")).Items[0];
        Assert.Equal((begun["id"], events), (shown["id"]!.ToString(), shown["queued"]!.GetValue<int>()));
    }

    [Fact]
    public async Task An_answer_is_read_and_kept_within_bounds()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = async (_, http) =>
        {
            http.Response.StatusCode = 500;
            var block = new byte[8_192];
            Array.Fill(block, (byte)'x');
            for (var i = 0; i < 1_000 && !http.RequestAborted.IsCancellationRequested; i++)
            {
                await http.Response.Body.WriteAsync(block, http.RequestAborted);
            }
        };
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        var test = await TestAsync(subscriber);
        Assert.Equal("failed", test.Body["delivery"]!["result"]!.ToString());
        Assert.Equal(new string('x', 1_024), test.Body["delivery"]!["response"]!.ToString());
        Assert.Null(test.Body["delivery"]!["next_at"]);
    }

    internal static Task<Heard> TestAsync(Subscriber subscriber) =>
        subscriber.Client.PostJsonAsync($"{subscriber.Path}/test", null);

    /// <summary>An event about no message.</summary>
    internal static async Task<Guid> AppendAsync(TestLedger ledger, TestTenant tenant, string type, string data = "{}")
    {
        var id = Gateway.Ledger.LedgerId.New(DateTimeOffset.UtcNow);
        await ledger.ExecuteAsync(
            "INSERT INTO events (tenant_id, bucket, id, type, at, data) VALUES (@owner, @id, @id, @type, now(), @data::jsonb)",
            new
            {
                owner = tenant.Id,
                id,
                type,
                data,
            }
        );
        return id;
    }

    internal static void VerifiedBy(Call call, string secret)
    {
        var timestamp = long.Parse(
            call.Headers["webhook-timestamp"],
            System.Globalization.CultureInfo.InvariantCulture
        );
        var expected = StandardSignature.Of([WebhookSecret.FromText(secret)], call.Id, timestamp, call.Body);
        Assert.Contains(expected, call.Headers["webhook-signature"].Split(' '));
        Assert.InRange(call.At.ToUnixTimeSeconds() - timestamp, -2, 20);
    }

    internal static Task UntilAsync(Receiver receiver, int calls) =>
        Eventually.TrueAsync(() => Task.FromResult(receiver.Calls.Count >= calls), $"{calls} requests come");

    private static Task<int> WaitingAsync(TestLedger ledger, Guid id) =>
        ledger.ScalarAsync<int>(
            "SELECT coalesce((SELECT attempts FROM webhook_waiting WHERE event_id = @id), 0)",
            new { id }
        );
}
