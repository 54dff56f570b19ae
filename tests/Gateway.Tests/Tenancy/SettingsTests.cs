using Gateway.Tests.Running;

namespace Gateway.Tests.Tenancy;

/// <summary>What a tenant chooses for itself, and what it used.</summary>
[Collection(TenancyCollection.Name)]
public sealed class SettingsTests(TenancyGateway gateway)
{
    [Fact]
    public async Task Settings_begin_with_defaults_change_field_by_field_and_go_back_by_null()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        var first = await client.GetJsonAsync("/v1/settings").Expect(200);
        Assert.Equal(
            ("refuse", "at_least_once", "standard", "trusted"),
            (first["unverified_from"], first["unknown_policy"], first["plan"], first["trust"])
        );

        await ChangeAsync(client, new { unknown_policy = "at_most_once" }, 200);
        Assert.Equal("hold", await StoredAsync(tenant.Id, "on_unknown"));
        await ChangeAsync(client, new { content_days = 31 }, 422, "not_accepted", "content_days");
        await ChangeAsync(client, new { content_days = 7 }, 200);
        Assert.Equal("7", await StoredAsync(tenant.Id, "content_days"));
        await ChangeAsync(client, new { unverified_from = "rewrite" }, 422, "required", "rewrite_from_address");
        await ChangeAsync(
            client,
            new { rewrite_from_address = "x@foreign.example" },
            422,
            "domain_not_verified",
            "rewrite_from_address"
        );
        var after = await ChangeAsync(
            client,
            new { unverified_from = "rewrite", rewrite_from_address = tenant.Address },
            200
        );
        Assert.Equal(("rewrite", "at_most_once"), (after["unverified_from"], after["unknown_policy"]));
        await ChangeAsync(
            client,
            new { rewrite_from_address = (string?)null },
            422,
            "required",
            "rewrite_from_address"
        );
        after = await ChangeAsync(
            client,
            """{"unverified_from":null,"rewrite_from_address":null,"unknown_policy":null,"content_days":null}""",
            200
        );
        Assert.Equal(first.Body.ToJsonString(), after.Body.ToJsonString());
        using var other = gateway.Client(tenant, replica: 1);
        Assert.Equal(first.Body.ToJsonString(), (await other.GetJsonAsync("/v1/settings")).Body.ToJsonString());
        await ChangeAsync(client, new { plan = "scale" }, 422, "unknown_field", "plan");
    }

    [Fact]
    public async Task A_tenants_own_limits_only_ever_narrow()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync("UPDATE tenants SET plan = 'free' WHERE tenant_id = @Id", new { tenant.Id });
        using var client = gateway.Client(tenant);
        await ChangeAsync(client, new { limits = new[] { Limit(1_000_000), Limit(7, "messages") } }, 200);
        Assert.Equal("7 600", await CapsAsync(client));
        var narrowed = await ChangeAsync(client, new { limits = new[] { Limit(5) } }, 200);
        Assert.Equal("5", narrowed.Body["effective_limits"]![0]!["cap"]!.ToString());
        Assert.Equal("5", await CapsAsync(client));
        await ChangeAsync(
            client,
            new
            {
                limits = new[]
                {
                    new
                    {
                        scope = "recipient_domain",
                        unit = "messages",
                        window_seconds = 60,
                        cap = 1,
                        over = "wait",
                    },
                },
            },
            422,
            "required",
            "limits[0].subject"
        );
    }

    [Fact]
    public async Task Over_a_limit_by_stream_broadcasts_wait_with_their_time_and_transactional_mail_is_refused()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        await ChangeAsync(
            client,
            new { limits = new[] { Limit(8, "messages", "sometimes") } },
            422,
            "not_accepted",
            "limits[0].over"
        );
        var set = await ChangeAsync(client, new { limits = new[] { Limit(8, "messages", "by_stream") } }, 200);
        var own = set.Body["effective_limits"]!.AsArray().Single(l => (long)l!["cap"]! == 8);
        Assert.Equal("by_stream", own!["over"]!.ToString());

        using var other = gateway.Client(tenant, replica: 1);
        await UntilHeldToAsync(client, "\"tenant-messages-60s\";q=8;w=60");
        await UntilHeldToAsync(other, "\"tenant-messages-60s\";q=8;w=60");

        // Of eight a minute, broadcasts have six; the seventh has a turn and is shown with it.
        for (var i = 0; i < 6; i++)
        {
            Assert.Null(await TurnAsync("broadcast"));
        }

        var turn = await TurnAsync("broadcast");
        Assert.InRange(turn!.Value - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(75));

        // Transactional mail has what broadcasts may not take, and then is refused and told when to come again.
        Assert.Null(await TurnAsync("transactional"));
        Assert.Null(await TurnAsync("transactional"));
        var refused = await client.SendAsync(tenant.Address).Expect(429, "rate_limited");
        Assert.Equal("tenant-messages-60s", refused["field"]);
        Assert.InRange((int)refused.Body["retry_after"]!, 1, 62);
        Assert.NotNull(await TurnAsync("broadcast"));
        Assert.Equal(
            ["limit:tenant", "limit:tenant"],
            await gateway.Ledger.QueryAsync<string>(
                "SELECT waiting_for FROM deliveries_due WHERE tenant_id = @Id AND stream = 'broadcast' AND waiting_for IS NOT NULL",
                new { tenant.Id }
            )
        );

        // The other replica says the same: it is one limit.
        await other.SendAsync(tenant.Address).Expect(429, "rate_limited");

        async Task<DateTimeOffset?> TurnAsync(string stream)
        {
            var accepted = await client.SendAsync(tenant.Address, stream).Expect(202);
            return (DateTimeOffset?)accepted.Body["deliveries"]![0]!["estimated_at"];
        }
    }

    [Fact]
    public async Task Usage_counts_messages_and_recipients_by_day_and_month()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        await client.SendAsync(tenant.Address).Expect(202);
        await client
            .PostJsonAsync(
                "/v1/messages",
                new
                {
                    from = tenant.Address,
                    to = new[] { "a@example.net", "b@example.net" },
                    text = "x",
                    subject = "y",
                }
            )
            .Expect(202);
        await Eventually.EqualAsync(
            "2 3 3",
            async () =>
            {
                var today = (await client.GetJsonAsync("/v1/usage?limit=1")).Items[0];
                return $"{today["messages"]} {today["recipients"]} {today["states"]!["sent"]}";
            },
            "today"
        );
        var week = await client.GetJsonAsync("/v1/usage").Expect(200);
        Assert.Equal(7, week.Items.Count);
        var older = await client.GetJsonAsync($"/v1/usage?cursor={week["next"]}&limit=31").Expect(200);
        Assert.All(older.Items, day => Assert.Equal("0", day["messages"]!.ToString()));
        var month = (await client.GetJsonAsync("/v1/usage?by=month").Expect(200)).Items[0];
        Assert.Equal("2 3", $"{month["messages"]} {month["recipients"]}");
        await client.GetJsonAsync("/v1/usage?by=year").Expect(422, "not_accepted");
        await client.GetJsonAsync("/v1/usage?limit=32").Expect(422, "not_accepted");
        await client.GetJsonAsync("/v1/usage?cursor=x").Expect(422, "not_accepted");
    }

    /// <summary>A change reaches every replica within a second, and each answer names the limits that it is held to.</summary>
    private static Task UntilHeldToAsync(HttpClient client, string policy) =>
        Eventually.TrueAsync(
            async () =>
            {
                using var answer = await client.GetAsync("/v1/messages?limit=1");
                return answer.Headers.TryGetValues("RateLimit-Policy", out var told)
                    && told.Any(t => t.Contains(policy, StringComparison.Ordinal));
            },
            "the limit is known"
        );

    private static async Task<string> CapsAsync(HttpClient client) =>
        string.Join(
            ' ',
            (await client.GetJsonAsync("/v1/settings")).Body["effective_limits"]!
                .AsArray()
                .Select(l => (long)l!["cap"]!)
                .Order()
        );

    private static object Limit(long cap, string unit = "recipients", string over = "refuse") =>
        new
        {
            scope = "tenant",
            unit,
            window_seconds = 60,
            cap,
            over,
        };

    private static async Task<Heard> ChangeAsync(
        HttpClient client,
        object body,
        int status,
        string? code = null,
        string? field = null
    )
    {
        var heard = await client.AskAsync(HttpMethod.Patch, "/v1/settings", body).Expect(status, code);
        Assert.Equal(field, heard["field"]);
        return heard;
    }

    private Task<string> StoredAsync(Guid tenant, string name) =>
        gateway.Ledger.ScalarAsync<string>(
            "SELECT settings ->> @name FROM tenants WHERE tenant_id = @tenant",
            new { name, tenant }
        );
}
