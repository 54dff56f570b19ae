using System.Text.Json.Nodes;
using Gateway.Tests.Running;

namespace Gateway.Tests.Tenancy;

/// <summary>What the operator does to tenants, and that all of it is told (D22).</summary>
[Collection(TenancyCollection.Name)]
public sealed class OperatorTests(TenancyGateway gateway)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_tenant_is_made_with_a_key_that_is_shown_once()
    {
        using var ops = gateway.Operator();
        var made = await ops.PostJsonAsync(
                "/ops/v1/tenants",
                new
                {
                    name = "Café GmbH",
                    plan = "scale",
                    trust = "trusted",
                    reason = "contract 17",
                }
            )
            .Expect(201);

        var id = made.Body["tenant"]!["id"]!.ToString();
        var text = made.Body["key"]!["key"]!.ToString();
        using var tenant = gateway.Client(text);
        await tenant.GetJsonAsync("/v1/messages").Expect(200);
        var shown = await ops.GetJsonAsync($"/ops/v1/tenants/{id}").Expect(200);
        Assert.Equal("Café GmbH", shown.Body["tenant"]!["name"]!.ToString());
        Assert.Equal("1", shown["live_keys"]);
        var keys = await ops.GetJsonAsync($"/ops/v1/tenants/{id}/keys").Expect(200);
        Assert.Single(keys.Items);
        Assert.DoesNotContain(text[^40..], shown.ToString() + keys, StringComparison.Ordinal);
        var listed = await ops.GetJsonAsync("/ops/v1/tenants?name=café&plan=scale").Expect(200);
        Assert.Contains(listed.Items, t => t["id"]!.ToString() == id);
        var audit = await ops.GetJsonAsync($"/ops/v1/audit?tenant={id}").Expect(200);
        var entry = Assert.Single(audit.Items);
        Assert.Equal(
            ("tenant.create", "operator", "contract 17"),
            (entry["action"]!.ToString(), entry["actor"]!.ToString(), entry["reason"]!.ToString())
        );
        Assert.DoesNotContain(text[^40..], audit.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"plan":"standard","reason":"why not"}""", "required", "name")]
    [InlineData("""{"name":"x"}""", "required", "reason")]
    [InlineData("""{"name":"x","reason":"  "}""", "not_accepted", "reason")]
    [InlineData("""{"name":"x","reason":"ab"}""", "not_accepted", "reason")]
    [InlineData("""{"name":"x","reason":"because","plan":"golden"}""", "not_accepted", "plan")]
    [InlineData("""{"name":"x","reason":"because","trust":"much"}""", "not_accepted", "trust")]
    [InlineData("""{"name":"x","reason":"because","colour":"red"}""", "unknown_field", "colour")]
    [InlineData("""{"name":"x","name":"y","reason":"because"}""", "duplicate_field", null)]
    [InlineData("""{"name":"a\u0000b","reason":"because"}""", "not_accepted", "name")]
    [InlineData("""{"name":"a\ud800b","reason":"because"}""", "not_accepted", "name")]
    [InlineData("""{"\ud800":"a","reason":"because"}""", "wrong_type", null)]
    [InlineData("""{"name":7,"reason":"because"}""", "wrong_type", "name")]
    [InlineData("""[]""", "wrong_type", null)]
    public async Task A_wrong_field_is_named_and_nothing_is_made(string body, string code, string? field)
    {
        using var ops = gateway.Operator();
        var refused = await ops.PostJsonAsync("/ops/v1/tenants", body).Expect(422, code);
        if (field is not null)
        {
            Assert.Equal(field, refused["field"]);
            Assert.NotNull(refused["accepted"]);
        }
    }

    [Fact]
    public async Task Without_the_token_nothing_is_answered_and_a_guesser_is_slowed()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var key = gateway.Client(tenant, replica: 1);
        await key.GetJsonAsync("/ops/v1/tenants").Expect(401, "operator_token_wrong");
        using var guesser = gateway.Client(gateway.Token[..^1] + "x", replica: 1);
        var statuses = new List<int>();
        for (var i = 0; i < 15; i++)
        {
            statuses.Add((await guesser.PostJsonAsync("/ops/v1/tenants", new { name = "x", reason = "guess" })).Status);
        }

        Assert.Equal([401, 429], statuses.Distinct());
        // The right one is never asked to wait.
        using var ops = gateway.Client(gateway.Token, replica: 1);
        await ops.GetJsonAsync("/ops/v1/tenants").Expect(200);
        using var none = gateway.Client(gateway.Token + gateway.Token, replica: 1);
        await none.GetJsonAsync("/ops/v1/plans").Expect(429, "too_many_failures");
    }

    [Fact]
    public async Task The_document_names_the_operators_own_credential()
    {
        using var client = gateway.Operator();
        var document = (await client.GetJsonAsync("/openapi/v1.json").Expect(200)).Body;
        var schemes = document["components"]!["securitySchemes"]!.AsObject().Select(s => s.Key);
        Assert.Equal(["key", "operator"], schemes.Order());
        foreach (
            var (path, operations) in document["paths"]!
                .AsObject()
                .Where(p => p.Key.StartsWith("/ops/", StringComparison.Ordinal))
        )
        {
            Assert.All(
                operations!.AsObject(),
                o => Assert.True(o.Value!["security"]![0]!["operator"] is not null, $"{o.Key} {path}")
            );
        }
    }

    [Fact]
    public async Task A_dry_run_tells_what_would_change_and_changes_nothing()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var ops = gateway.Operator();
        var before = await PictureAsync(tenant.Id);
        (HttpMethod Method, string Path, object Body)[] actions =
        [
            (HttpMethod.Post, "/ops/v1/tenants", new { name = "Never", reason = "try" }),
            (HttpMethod.Patch, $"/ops/v1/tenants/{tenant.Id}", new { trust = "trial", reason = "try" }),
            (HttpMethod.Post, $"/ops/v1/tenants/{tenant.Id}/suspend", new { reason = "try" }),
            (HttpMethod.Post, $"/ops/v1/tenants/{tenant.Id}/suspend", new { stream = "broadcast", reason = "try" }),
            (
                HttpMethod.Put,
                $"/ops/v1/tenants/{tenant.Id}/limits",
                new { limits = new[] { Limit(5) }, reason = "try" }
            ),
            (
                HttpMethod.Post,
                $"/ops/v1/tenants/{tenant.Id}/keys",
                new
                {
                    name = "k",
                    scopes = new[] { "read" },
                    reason = "try",
                }
            ),
            (HttpMethod.Post, $"/ops/v1/tenants/{tenant.Id}/keys/{tenant.Key.Id}/revoke", new { reason = "try" }),
            (
                HttpMethod.Post,
                $"/ops/v1/tenants/{tenant.Id}/confirmed_recipients",
                new { addresses = new[] { "a@b.example" }, reason = "try" }
            ),
            (
                HttpMethod.Patch,
                "/ops/v1/plans/scale",
                new
                {
                    weight = 17,
                    reason = "try",
                    max_tenants = 10_000,
                }
            ),
        ];
        foreach (var (method, path, body) in actions)
        {
            var told = await ops.AskAsync(method, path + "?dry_run=true", body).Expect(200);
            Assert.True(
                told.Body["dry_run"]!.GetValue<bool>() && told.Body["changes"]!.AsArray().Count > 0,
                $"{path}: {told}"
            );
            Assert.Null(told.Body["key"]?["key"]);
        }

        Assert.Equal(before, await PictureAsync(tenant.Id));
        Assert.Equal(
            0,
            await gateway.Ledger.ScalarAsync<int>("SELECT count(*)::int FROM tenants WHERE name = 'Never'")
        );
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/suspend?dry_run=yes", new { reason = "try" })
            .Expect(422, "not_accepted");
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/suspend?dryrun=true", new { reason = "try" })
            .Expect(422, "unknown_parameter");
        Assert.Equal(before, await PictureAsync(tenant.Id));
    }

    [Fact]
    public async Task A_suspended_tenant_sends_nothing_and_its_queue_is_untouched()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var ops = gateway.Operator();
        using var client = gateway.Client(tenant);
        using var other = gateway.Client(tenant, replica: 1);
        await client.SendAsync(tenant.Address).Expect(202);
        var later = await client
            .PostJsonAsync("/v1/messages", Later(tenant.Address, DateTimeOffset.UtcNow.AddSeconds(3)))
            .Expect(202);
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/suspend", new { reason = "unpaid" }).Expect(200);

        await Eventually.EqualAsync(
            "tenant_suspended",
            async () => (await other.SendAsync(tenant.Address))["code"],
            "replica",
            Soon
        );
        await client.SendAsync(tenant.Address).Expect(403, "tenant_suspended");
        await client.GetJsonAsync("/v1/messages").Expect(200);
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        Assert.Equal("queued", (await client.GetJsonAsync($"/v1/messages/{later["id"]}"))["state"]);
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/resume", new { stream = "broadcast", reason = "x y z" })
            .Expect(409, "tenant_suspended");

        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/resume", new { reason = "paid" }).Expect(200);
        await Eventually.EqualAsync(
            "sent",
            async () => (await client.GetJsonAsync($"/v1/messages/{later["id"]}"))["state"],
            "held mail"
        );
        await Eventually.EqualAsync(202, async () => (await other.SendAsync(tenant.Address)).Status, "replica", Soon);
        // An event is shown once no older transaction of the cluster is under way.
        await Eventually.EqualAsync(
            (true, true),
            async () =>
            {
                var types = (await client.GetJsonAsync("/v1/events")).Items.Select(e => e["type"]!.ToString()).ToList();
                return (types.Contains("tenant.suspended"), types.Contains("tenant.resumed"));
            },
            "events of suspension and resumption"
        );
        var audit = await ops.GetJsonAsync($"/ops/v1/audit?tenant={tenant.Id}&limit=2").Expect(200);
        Assert.Equal("tenant.resume", audit.Items[0]["action"]!.ToString());
        var rest = await ops.GetJsonAsync($"/ops/v1/audit?tenant={tenant.Id}&cursor={audit["next"]}").Expect(200);
        Assert.Equal("tenant.suspend", Assert.Single(rest.Items)["action"]!.ToString());
    }

    [Fact]
    public async Task One_stream_is_paused_and_the_other_flows()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var ops = gateway.Operator();
        using var client = gateway.Client(tenant);
        await client.SendAsync(tenant.Address).Expect(202);
        await ops.PostJsonAsync(
                $"/ops/v1/tenants/{tenant.Id}/suspend",
                new { stream = "broadcast", reason = "complaints" }
            )
            .Expect(200);

        await Eventually.EqualAsync(
            "stream_paused",
            async () => (await client.SendAsync(tenant.Address, "broadcast"))["code"],
            "the stream",
            Soon
        );
        await client.SendAsync(tenant.Address).Expect(202);
        var raw = new StringContent($"From: {tenant.Address}\r\nTo: a@example.net\r\n\r\nx", null, "message/rfc822");
        using var refused = await client.PostAsync(
            "/v1/messages/raw?stream=broadcast",
            raw,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(403, (int)refused.StatusCode);
        var batch = await client
            .PostJsonAsync(
                "/v1/messages/batch",
                new { messages = new[] { Asking.Mail(tenant.Address, "broadcast"), Asking.Mail(tenant.Address) } }
            )
            .Expect(200);
        Assert.Equal([403, 202], batch.Items.Select(i => i["status"]!.GetValue<int>()));

        // Suspending and resuming the whole leaves what was paused by name.
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/suspend", new { reason = "all of it" }).Expect(200);
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/resume", new { reason = "all of it" }).Expect(200);
        var lanes = (await ops.GetJsonAsync($"/ops/v1/tenants/{tenant.Id}")).Body["lanes"]!.AsArray();
        Assert.Equal(
            ["broadcast False operator", "transactional True "],
            lanes.Select(l => $"{l!["stream"]} {l["active"]!.GetValue<bool>()} {l["paused_by"]}").Order()
        );
        await ops.PostJsonAsync($"/ops/v1/tenants/{tenant.Id}/resume", new { stream = "broadcast", reason = "better" })
            .Expect(200);
        await Eventually.EqualAsync(
            202,
            async () => (await client.SendAsync(tenant.Address, "broadcast")).Status,
            "the stream",
            Soon
        );
    }

    [Fact]
    public async Task Limits_are_set_shown_and_taken_away()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var ops = gateway.Operator();
        using var client = gateway.Client(tenant);
        var path = $"/ops/v1/tenants/{tenant.Id}/limits";
        await ops.AskAsync(HttpMethod.Put, path, new { limits = new[] { Limit(0) }, reason = "less" }).Expect(422);
        var doubled = await ops.AskAsync(
                HttpMethod.Put,
                path,
                new { limits = new[] { Limit(5), Limit(6) }, reason = "less" }
            )
            .Expect(422, "duplicate");
        Assert.Equal("limits[1]", doubled["field"]);
        await ops.AskAsync(HttpMethod.Put, path, new { reason = "less" }).Expect(422, "required");

        await ops.AskAsync(HttpMethod.Put, path, new { limits = new[] { Limit(5) }, reason = "less" }).Expect(200);
        Assert.Equal("5", Assert.Single((await ops.GetJsonAsync(path).Expect(200)).Items)["cap"]!.ToString());
        await Eventually.TrueAsync(
            async () =>
                (await client.GetJsonAsync("/v1/settings")).Body["effective_limits"]!
                    .ToJsonString()
                    .Contains("\"cap\":5"),
            "the door knows"
        );
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        request.Headers.Add("Operator-Reason", "enough");
        using var gone = await ops.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)gone.StatusCode);
        Assert.Empty((await ops.GetJsonAsync(path)).Items);
    }

    [Fact]
    public async Task A_plan_is_changed_only_within_its_cap()
    {
        using var ops = gateway.Operator();
        await gateway.Ledger.CreateTenantAsync();
        var refused = await ops.AskAsync(
                HttpMethod.Patch,
                "/ops/v1/plans/standard",
                new
                {
                    weight = 5,
                    max_tenants = 0,
                    reason = "faster",
                }
            )
            .Expect(409, "cap_exceeded");
        Assert.Equal("max_tenants", refused["field"]);
        var tried = await ops.GetJsonAsync("/ops/v1/audit?action=plan.change").Expect(200);
        Assert.Contains("cap_exceeded", tried.Items[0].ToJsonString(), StringComparison.Ordinal);
        await ops.AskAsync(HttpMethod.Patch, "/ops/v1/plans/none", new { weight = 5, reason = "faster" }).Expect(404);
        await ops.AskAsync(
                HttpMethod.Patch,
                "/ops/v1/plans/free",
                new { month_quota = (long?)null, reason = "generous" }
            )
            .Expect(200);
        var plans = await ops.GetJsonAsync("/ops/v1/plans").Expect(200);
        Assert.Null(plans.Items.Single(p => p["plan"]!.ToString() == "free")["month_quota"]);
    }

    [Fact]
    public async Task A_trial_tenant_writes_to_its_own_domain_and_to_who_confirmed()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var ops = gateway.Operator();
        using var client = gateway.Client(tenant);
        await ops.AskAsync(HttpMethod.Patch, $"/ops/v1/tenants/{tenant.Id}", new { trust = "trial", reason = "new" })
            .Expect(200);
        await Eventually.EqualAsync(
            "trial_recipient",
            async () => (await client.SendAsync(tenant.Address))["code"],
            "the door",
            Soon
        );
        await client.PostJsonAsync("/v1/messages", Asking.Mail(tenant.Address, to: "bob@" + tenant.Domain)).Expect(202);
        var tracked = JsonNode.Parse(
            System.Text.Json.JsonSerializer.Serialize(Asking.Mail(tenant.Address, to: "bob@" + tenant.Domain))
        )!;
        tracked["tracking"] = new JsonObject { ["opens"] = false, ["clicks"] = true };
        Assert.Equal(
            "tracking.clicks",
            (await client.PostJsonAsync("/v1/messages", tracked.ToJsonString()).Expect(403, "trial_no_tracking"))[
                "field"
            ]
        );

        var path = $"/ops/v1/tenants/{tenant.Id}/confirmed_recipients";
        await ops.PostJsonAsync(path, new { addresses = new[] { "nobody" }, reason = "asked" }).Expect(422);
        await ops.PostJsonAsync(path, new { addresses = new[] { "ANN@Example.net" }, reason = "asked" }).Expect(200);
        await Eventually.EqualAsync(
            202,
            async () => (await client.SendAsync(tenant.Address)).Status,
            "confirmed",
            Soon
        );
        Assert.Equal("ann@example.net", Assert.Single((await ops.GetJsonAsync(path)).Items)["address"]!.ToString());
        await ops.AskAsync(HttpMethod.Delete, path, new { addresses = new[] { "ann@example.net" }, reason = "left" })
            .Expect(200);
        await Eventually.EqualAsync(
            "trial_recipient",
            async () => (await client.SendAsync(tenant.Address))["code"],
            "removed",
            Soon
        );
    }

    private static object Limit(long cap) =>
        new
        {
            scope = "tenant",
            unit = "recipients",
            window_seconds = 3600,
            cap,
            over = "refuse",
        };

    private static object Later(string from, DateTimeOffset at) =>
        new
        {
            from,
            to = new[] { "ann@example.net" },
            subject = "later",
            text = "later",
            send_at = at.ToString("O"),
        };

    private Task<string> PictureAsync(Guid tenant) =>
        gateway.Ledger.ScalarAsync<string>(
            """
            SELECT concat_ws(' ',
                (SELECT t::text FROM tenants t WHERE tenant_id = @tenant),
                (SELECT string_agg(k::text, ',') FROM api_keys k WHERE tenant_id = @tenant),
                (SELECT string_agg(l::text, ',') FROM lanes l WHERE tenant_id = @tenant),
                (SELECT count(*) FROM limits WHERE tenant_id = @tenant),
                (SELECT count(*) FROM events WHERE tenant_id = @tenant),
                (SELECT count(*) FROM audit WHERE tenant_id = @tenant),
                (SELECT count(*) FROM confirmed_recipients WHERE tenant_id = @tenant),
                (SELECT p::text FROM plans p WHERE plan = 'scale'))
            """,
            new { tenant }
        );
}
