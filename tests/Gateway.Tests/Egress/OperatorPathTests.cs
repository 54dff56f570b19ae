using System.Diagnostics;
using System.Net.Http.Headers;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Secrets;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Egress;

/// <summary>An API, a worker with two relays, and the operator's token.</summary>
public sealed class EgressGateway(TestCluster cluster) : IAsyncLifetime
{
    private readonly string token = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
    private TestFolder? folder;

    internal SmtpScriptServer First { get; } = new();

    internal SmtpScriptServer Second { get; } = new();

    internal RunningGateway Running { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        folder = await TestFolder.CreateAsync();
        var file = Path.Combine(folder.Path, "operator.token");
        PrivateFile.Write(file, token + "\n");
        var settings = new Dictionary<string, string?> { ["Gateway__OperatorTokenFile"] = file };
        foreach (var (name, relay, tier) in new[] { ("first", First, 0), ("second", Second, 1) })
        {
            settings[$"Gateway__Paths__{name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{name}__Port"] = $"{relay.Port}";
            settings[$"Gateway__Paths__{name}__Tls"] = "None";
            settings[$"Gateway__Route__{tier}"] = name;
        }

        Running = await RunningGateway.StartAsync(cluster, settings: settings);
    }

    internal HttpClient Operator()
    {
        var client = Running.Client(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Running.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await folder!.DisposeAsync();
    }
}

/// <summary>Switches, rules and explanations through the operator's door, one after the other.</summary>
public sealed class OperatorPathTests(EgressGateway gateway) : IClassFixture<EgressGateway>
{
    private const string Explain = "/ops/v1/routes/explain?from=news@shop.example&to=ann@mail.example";

    [Fact]
    public async Task A_switch_is_seen_by_the_workers_within_a_second_and_told_three_times()
    {
        using var ops = gateway.Operator();
        await ops.PostJsonAsync("/ops/v1/paths/first/switch?dry_run=true", new { reason = "only to see" }).Expect(200);
        Assert.Equal("active", (await ops.GetJsonAsync("/ops/v1/paths/first").Expect(200))["mode"]);

        var tenant = await gateway.Running.Ledger.CreateTenantAsync();
        using var client = gateway.Running.Client(tenant);
        await UntilOverAsync(client, gateway.First, tenant);
        var watch = Stopwatch.StartNew();
        await ops.PostJsonAsync("/ops/v1/paths/first/switch", new { reason = "blocked by the provider" }).Expect(200);
        await UntilOverAsync(client, gateway.Second, tenant);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"mail went elsewhere after {watch.Elapsed}");

        var path = await ops.GetJsonAsync("/ops/v1/paths/first").Expect(200);
        Assert.Equal(("off", "blocked by the provider"), (path["mode"], path["reason"]));
        var plan = await ops.GetJsonAsync(Explain).Expect(200);
        Assert.Equal("second", plan.Body["candidates"]![0]!["path"]!.ToString());
        Assert.Equal("an operator switched it off", plan.Body["rejected"]![0]!["why"]!.ToString());
        Assert.Equal(
            "path.switch",
            (await ops.GetJsonAsync("/ops/v1/paths/events?path=first&limit=1").Expect(200)).Items[0]["type"]!.ToString()
        );
        Assert.Equal(
            "path.switch",
            (await ops.GetJsonAsync("/ops/v1/audit?action=path.switch").Expect(200)).Items[0]["action"]!.ToString()
        );

        await ops.PostJsonAsync("/ops/v1/paths/first/resume", new { reason = "lifted" }).Expect(200);
        await UntilOverAsync(client, gateway.First, tenant);
    }

    [Fact]
    public async Task A_rule_is_made_explained_replaced_and_deleted()
    {
        using var ops = gateway.Operator();
        var tenant = (await gateway.Running.Ledger.CreateTenantAsync()).Id;
        object Rule(string? recipients) =>
            new
            {
                tenant,
                place = 1,
                recipient_domain = recipients,
                tiers = new[] { new { paths = new[] { new { path = "second", weight = 1 } } } },
                reason = "their own wish",
            };
        var made = await ops.PostJsonAsync("/ops/v1/routes", Rule("Mail.Example")).Expect(200);
        var id = made["target"]!;
        await ops.PostJsonAsync("/ops/v1/routes", Rule(null)).Expect(409, "place_taken");
        Assert.Equal(id, await RuleOfAsync(tenant));
        Assert.Equal("default", await RuleOfAsync(Guid.NewGuid()));

        await ops.AskAsync(HttpMethod.Put, $"/ops/v1/routes/{id}", Rule("else.example")).Expect(200);
        Assert.Equal("default", await RuleOfAsync(tenant));
        var listed = await ops.GetJsonAsync("/ops/v1/routes").Expect(200);
        Assert.Equal([id, "default"], listed.Items.Select(r => r["id"]!.ToString()));

        await ops.AskAsync(HttpMethod.Delete, $"/ops/v1/routes/{id}", new { reason = "over" }).Expect(200);
        await ops.AskAsync(HttpMethod.Delete, $"/ops/v1/routes/{id}", new { reason = "over" }).Expect(404);

        async Task<string?> RuleOfAsync(Guid of) =>
            (await ops.GetJsonAsync($"{Explain}&tenant={of}").Expect(200))["rule"];
    }

    [Theory]
    [InlineData("/ops/v1/paths/first/switch", "{}", "required", "reason")]
    [InlineData("/ops/v1/paths/first/switch", """{"reason":"why","instead":"first"}""", "not_accepted", "instead")]
    [InlineData("/ops/v1/paths/first/switch", """{"reason":"why","instead":"nowhere"}""", "not_accepted", "instead")]
    [InlineData("/ops/v1/paths/first/drain", """{"reason":"why","minutes":-1}""", "not_accepted", "minutes")]
    [InlineData("/ops/v1/paths/first/resume", """{"reason":"why","minutes":1}""", "unknown_field", "minutes")]
    [InlineData("/ops/v1/routes", """{"reason":"why","place":1}""", "required", "tiers")]
    [InlineData(
        "/ops/v1/routes",
        """{"reason":"why","place":1,"tiers":[{"paths":[]}]}""",
        "required",
        "tiers[0].paths"
    )]
    [InlineData(
        "/ops/v1/routes",
        """{"reason":"why","place":1,"tiers":[{"paths":[{"path":"nowhere"}]}]}""",
        "not_found",
        "tiers[0].paths"
    )]
    [InlineData(
        "/ops/v1/routes",
        """{"reason":"why","place":1,"tiers":[{"paths":[{"path":"first","wait":1}]}]}""",
        "unknown_field",
        "tiers[0].paths[0].wait"
    )]
    [InlineData(
        "/ops/v1/routes",
        """{"reason":"why","place":1,"from_domain":"-bad-","tiers":[{"paths":[{"path":"first"}]}]}""",
        "not_accepted",
        "from_domain"
    )]
    public async Task What_cannot_be_done_says_which_field_and_changes_nothing(
        string path,
        string body,
        string code,
        string field
    )
    {
        using var ops = gateway.Operator();
        var heard = await ops.PostJsonAsync(path, body).Expect(422, code);
        Assert.Equal(field, heard["field"]);
        Assert.Equal("active", (await ops.GetJsonAsync("/ops/v1/paths/first").Expect(200))["mode"]);
    }

    [Theory]
    [InlineData("DailyCap", "0", "1 to 4000000000")]
    [InlineData("Rate", "fast", "1 to 4000000000")]
    [InlineData("DomainRateWindow", "2.00:00:00", "00:00:01 to 1.00:00:00")]
    [InlineData("DomainConcurrency", "1001", "1 to 1000")]
    [InlineData("Domains:a.example:Rate", "-5", "1 to 4000000000")]
    [InlineData("Domains:a.example:Burst", "5", "one of Rate, RateWindow, DailyCap, Concurrency")]
    [InlineData("CanaryFrom", "nobody", "an address; CanaryFrom and CanaryTo belong together")]
    [InlineData("Port", "0", "1 to 65535")]
    [InlineData("Concurrency", "5", "the field 'concurrency' beside 'settings'")]
    public async Task A_path_that_no_worker_could_use_is_refused_at_the_door(string name, string value, string accepted)
    {
        using var ops = gateway.Operator();
        var settings = new Dictionary<string, string>
        {
            ["Host"] = "127.0.0.1",
            ["Tls"] = "None",
            ["DomainRate"] = "5",
            ["CanaryTo"] = "a@b.example",
            ["CanaryFrom"] = "a@b.example",
            [name] = value,
        };
        var refused = await ops.PostJsonAsync("/ops/v1/paths", Describe("wrong", settings)).Expect(422, "not_accepted");
        Assert.Equal($"settings.{name}", refused["field"]);
        Assert.Equal(accepted, refused["accepted"]);
        Assert.Equal(name == "Concurrency" ? null : value, refused["value"]);
        await ops.GetJsonAsync("/ops/v1/paths/wrong").Expect(404);
    }

    [Fact]
    public async Task A_description_that_no_worker_could_use_leaves_the_old_one_and_names_all_that_is_wrong()
    {
        using var ops = gateway.Operator();
        var good = new Dictionary<string, string> { ["Host"] = "127.0.0.1", ["Rate"] = "7" };
        await ops.PostJsonAsync("/ops/v1/paths", Describe("limited", good)).Expect(200);
        var wrong = new Dictionary<string, string>
        {
            ["Host"] = "",
            ["Rate"] = "0",
            ["DomainDailyCap"] = "none",
        };
        var refused = await ops.AskAsync(HttpMethod.Put, "/ops/v1/paths/limited", Describe(null, wrong)).Expect(422);
        Assert.Equal(
            ["settings.Rate", "settings.DomainDailyCap", "settings.Host"],
            refused.Body["errors"]!.AsArray().Select(e => e!["field"]!.ToString())
        );
        var kept = await ops.GetJsonAsync("/ops/v1/paths/limited").Expect(200);
        Assert.Equal("7", kept.Body["settings"]!["Rate"]!.ToString());
    }

    private static Dictionary<string, object> Describe(string? path, IReadOnlyDictionary<string, string> settings)
    {
        var body = new Dictionary<string, object>
        {
            ["provider"] = "smtp",
            ["settings"] = settings,
            ["reason"] = "to see",
        };
        if (path is not null)
        {
            body["path"] = path;
        }

        return body;
    }

    [Theory]
    [InlineData("/ops/v1/routes/explain?from=a@b.example", "to")]
    [InlineData("/ops/v1/routes/explain?from=a@b.example&to=nobody", "to")]
    [InlineData("/ops/v1/routes/explain?from=a@b.example&to=c@d.example&draw=1000", "draw")]
    public async Task A_question_that_cannot_be_answered_says_why(string path, string field)
    {
        using var ops = gateway.Operator();
        Assert.Equal(field, (await ops.GetJsonAsync(path).Expect(422))["field"]);
    }

    [Fact]
    public async Task An_unknown_path_is_not_found_and_a_tenants_key_opens_nothing()
    {
        using var ops = gateway.Operator();
        await ops.PostJsonAsync("/ops/v1/paths/nowhere/switch", new { reason = "why" }).Expect(404);
        await ops.GetJsonAsync("/ops/v1/paths/nowhere").Expect(404);
        using var tenant = gateway.Running.Client(await gateway.Running.Ledger.CreateTenantAsync());
        await tenant.GetJsonAsync("/ops/v1/paths").Expect(401);
    }

    /// <summary>Sends until a message arrives at the relay.</summary>
    private static async Task UntilOverAsync(HttpClient client, SmtpScriptServer relay, TestTenant tenant)
    {
        var before = relay.Mails.Count;
        await Eventually.TrueAsync(
            async () =>
            {
                await client.SendAsync(tenant.Address).Expect(202);
                await Task.Delay(50);
                return relay.Mails.Count > before;
            },
            "mail over the other path"
        );
    }
}
