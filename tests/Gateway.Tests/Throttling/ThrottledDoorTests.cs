using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Throttling;

/// <summary>What a tenant sees of limits, through the running hosts.</summary>
public sealed class ThrottledDoorTests(TestCluster cluster)
{
    [Fact]
    public async Task A_tenant_sees_refusals_waits_and_what_is_left_and_a_path_keeps_its_rate()
    {
        // Redis is shared by all tests, and this path's counts are taken from it.
        var capped = "capped-" + Guid.NewGuid().ToString("N")[..12];
        await using var gateway = await RunningGateway.StartAsync(
            cluster,
            settings: new Dictionary<string, string?>
            {
                ["Gateway__Paths__slow__Provider"] = "sandbox",
                ["Gateway__Paths__slow__Rate"] = "5",
                ["Gateway__Paths__slow__RateWindow"] = "00:00:02",
                ["Gateway__Route__0"] = "slow",
                [$"Gateway__Paths__{capped}__Provider"] = "sandbox",
                [$"Gateway__Paths__{capped}__DailyCap"] = "6",
                [$"Gateway__Paths__{capped}__DomainDailyCap"] = "2",
                // The machine of the tests may be slow: 100 ms of it must not look like an outage.
                ["Gateway__Throttling__RedisTimeout"] = "00:00:10",
            }
        );
        // Known to the worker long before its mail comes.
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await RouteAsync(gateway, tenant, capped);
        await A_refusal_names_the_limit_and_when_to_come_again(gateway);
        await A_wait_is_shown_with_its_time(gateway);
        await A_path_takes_no_more_than_its_rate(gateway);
        await A_path_keeps_its_cap_of_the_day_when_Redis_lost_its_counts(cluster, gateway, tenant, capped);
    }

    private static async Task A_refusal_names_the_limit_and_when_to_come_again(RunningGateway gateway)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await LimitAsync(gateway, tenant, "tenant", "recipients", 60, 3, "refuse");
        using var client = gateway.Client(tenant);

        using var first = await SendAsync(client, tenant, "a@example.net", "b@example.net");
        Assert.Equal(202, (int)first.StatusCode);
        Assert.Equal("\"tenant-recipients-60s\";q=3;w=60", Header(first, "RateLimit-Policy"));
        Assert.Equal("\"tenant-recipients-60s\";r=1;t=60", Header(first, "RateLimit"));

        using var second = await SendAsync(client, tenant, "a@example.net", "b@example.net");
        Assert.Equal(429, (int)second.StatusCode);
        var problem = await second.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("rate_limited", problem.GetProperty("code").GetString());
        Assert.Equal("tenant-recipients-60s", problem.GetProperty("field").GetString());
        Assert.Contains("3 recipients in 60 s", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 50, 62);

        // Reading tells it too, and what fits still goes.
        using var read = await client.GetAsync("/v1/messages");
        Assert.Equal("\"tenant-recipients-60s\";r=1;t=60", Header(read, "RateLimit"));
        using var third = await SendAsync(client, tenant, "a@example.net");
        Assert.Equal(202, (int)third.StatusCode);
        using var never = await SendAsync(
            client,
            tenant,
            "a@example.net",
            "b@example.net",
            "c@example.net",
            "d@example.net"
        );
        Assert.Equal(422, (int)never.StatusCode);
        Assert.Equal(
            "above_limit",
            (await never.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()
        );
    }

    private static async Task A_wait_is_shown_with_its_time(RunningGateway gateway)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await LimitAsync(gateway, tenant, "key", "messages", 600, 1, "wait");
        using var client = gateway.Client(tenant);
        using var now = await SendAsync(client, tenant, "a@example.net");
        Assert.False(
            Delivery(await now.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("estimated_at", out _)
        );

        using var later = await SendAsync(client, tenant, "a@example.net");
        Assert.Equal(202, (int)later.StatusCode);
        var accepted = await later.Content.ReadFromJsonAsync<JsonElement>();
        var estimated = Delivery(accepted).GetProperty("estimated_at").GetDateTimeOffset();
        Assert.InRange(estimated, DateTimeOffset.UtcNow.AddMinutes(9), DateTimeOffset.UtcNow.AddMinutes(10.3));

        var message = await client.GetFromJsonAsync<JsonElement>(
            $"/v1/messages/{accepted.GetProperty("id").GetGuid()}"
        );
        var delivery = Delivery(message);
        Assert.Equal("limit:key", delivery.GetProperty("waiting_for").GetString());
        var shown = delivery.GetProperty("estimated_at").GetDateTimeOffset();
        Assert.InRange(shown - estimated, TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(5));
    }

    private static async Task A_path_takes_no_more_than_its_rate(RunningGateway gateway)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(async _ =>
                {
                    using var answer = await SendAsync(client, tenant, "a@example.net");
                    Assert.Equal(202, (int)answer.StatusCode);
                })
        );
        await Eventually.EqualAsync(
            20L,
            () =>
                gateway.Ledger.ScalarAsync<long>(
                    "SELECT count(*) FROM deliveries WHERE tenant_id = @Id AND state = 'sent'",
                    new { tenant.Id }
                ),
            "all are sent"
        );

        var begun = await gateway.Ledger.QueryAsync<DateTime>("SELECT begun_at FROM attempts");
        // The rate is asked for a moment before Begin is durable.
        var most = TrueWindows.Most(
            begun.Select(b => ((b - DateTime.UnixEpoch).TotalMilliseconds, 1L)),
            TimeSpan.FromSeconds(1.6)
        );
        Assert.True(most <= 5, $"{most} began within 1.6 s");
        Assert.Equal(
            20L,
            await gateway.Ledger.ScalarAsync<long>(
                "SELECT sum(attempts)::bigint FROM deliveries WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );
        Assert.True(
            await gateway.Ledger.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM events WHERE tenant_id = @Id AND type = 'deferred' AND data ->> 'waiting_for' = 'limit:path')",
                new { tenant.Id }
            )
        );
    }

    private static async Task A_path_keeps_its_cap_of_the_day_when_Redis_lost_its_counts(
        TestCluster cluster,
        RunningGateway gateway,
        TestTenant tenant,
        string path
    )
    {
        using var client = gateway.Client(tenant);
        await SendToAsync("a.example", "a.example", "b.example");
        await StatesAsync("sent sent sent", "the day begins");
        await ForgetAsync();

        // Two for each domain: the first had both already, the second one.
        await SendToAsync("a.example", "b.example", "b.example");
        await StatesAsync("deferred deferred sent sent sent sent", "the caps of domains hold");
        await ForgetAsync();

        // Six for all.
        await SendToAsync("c.example", "d.example", "e.example");
        await StatesAsync("deferred deferred deferred sent sent sent sent sent sent", "the cap of the path holds");
        Assert.Equal(6, (await SentToAsync()).Count);
        Assert.Equal(["a.example", "a.example", "b.example", "b.example"], (await SentToAsync()).Take(4));

        async Task SendToAsync(params string[] domains)
        {
            foreach (var domain in domains)
            {
                using var answer = await SendAsync(client, tenant, "ann@" + domain);
                Assert.Equal(202, (int)answer.StatusCode);
            }
        }

        Task StatesAsync(string expected, string what) =>
            Eventually.EqualAsync(
                expected,
                () =>
                    gateway.Ledger.ScalarAsync<string>(
                        "SELECT string_agg(state, ' ' ORDER BY state) FROM deliveries WHERE tenant_id = @Id",
                        new { tenant.Id }
                    ),
                what
            );

        async Task<IReadOnlyList<string>> SentToAsync() =>
            [
                .. await gateway.Ledger.QueryAsync<string>(
                    """
                    SELECT split_part(d.recipient_key, '@', -1) FROM attempts a JOIN deliveries d USING (delivery_id)
                    WHERE a.path = @path ORDER BY 1
                    """,
                    new { path }
                ),
            ];

        async Task ForgetAsync()
        {
            using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(
                await cluster.RedisConnectionStringAsync()
            );
            var keys = redis.GetServer(redis.GetEndPoints().Single()).Keys(pattern: $"gw:path:{{{path}}}*").ToArray();
            Assert.NotEmpty(keys);
            await redis.GetDatabase().KeyDeleteAsync(keys);
        }
    }

    private static JsonElement Delivery(JsonElement message) => message.GetProperty("deliveries")[0];

    private static string Header(HttpResponseMessage answer, string name) =>
        string.Join(", ", answer.Headers.GetValues(name));

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, TestTenant tenant, params string[] to) =>
        client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to,
                subject = "Hello",
                text = "Hello",
            }
        );

    private static Task RouteAsync(RunningGateway gateway, TestTenant tenant, string path) =>
        gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO routes (route_id, tenant_id, place, tiers) VALUES (gen_random_uuid(), @Id, 1,
                jsonb_build_array(jsonb_build_array(jsonb_build_object('path', @path, 'weight', 1))))
            """,
            new { tenant.Id, path }
        );

    private static Task LimitAsync(
        RunningGateway gateway,
        TestTenant tenant,
        string scope,
        string unit,
        int seconds,
        long cap,
        string over
    ) =>
        gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO limits (limit_id, tenant_id, scope, unit, window_seconds, cap, over)
            VALUES (@id, @tenant, @scope, @unit, @seconds, @cap, @over)
            """,
            new
            {
                id = LedgerId.New(DateTimeOffset.UtcNow),
                tenant = tenant.Id,
                scope,
                unit,
                seconds,
                cap,
                over,
            }
        );
}
