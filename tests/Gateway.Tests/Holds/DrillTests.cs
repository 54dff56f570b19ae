using System.Globalization;
using System.Net.Http.Headers;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Secrets;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Holds;

/// <summary>A path that is blocked on purpose, in a gateway that runs.</summary>
public sealed class DrillTests(TestCluster cluster)
{
    private const double Minutes = 0.1;

    [Fact]
    public async Task A_drill_says_whom_it_strands_moves_the_mail_loses_none_and_ends_by_itself()
    {
        await using var first = new SmtpScriptServer();
        await using var second = new SmtpScriptServer();
        await using var folder = await TestFolder.CreateAsync();
        var token = Guid.NewGuid().ToString("N");
        var file = Path.Combine(folder.Path, "operator.token");
        PrivateFile.Write(file, token);
        await using var gateway = await StartAsync(file, ("first", first), ("second", second));
        var (tenant, bound) = (await gateway.Ledger.CreateTenantAsync(), await gateway.Ledger.CreateTenantAsync());
        await gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO routes (route_id, tenant_id, place, tiers)
            VALUES (gen_random_uuid(), @Id, 1, '[[{"path":"first","weight":1}]]')
            """,
            new { bound.Id }
        );
        using var client = gateway.Client(tenant);
        using var boundClient = gateway.Client(bound);
        await boundClient.SendAsync(bound.Address).Expect(202);
        await UntilSentAsync(gateway, 1);

        using var ops = gateway.Client(null);
        ops.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        const string drill = "/ops/v1/paths/first/drill";
        var tried = await ops.PostJsonAsync(drill + "?dry_run=true", new { minutes = Minutes, reason = "try" })
            .Expect(200);
        var stranded = Assert.Single(tried.Body["drill"]!["without_alternative"]!.AsArray())!;
        Assert.Equal(bound.Id.ToString(), stranded["tenant"]!.ToString());
        Assert.Equal("first: an operator switched it off", stranded["why_not"]![0]!.ToString());
        Assert.Equal("active", (await ops.GetJsonAsync("/ops/v1/paths/first"))["mode"]);

        var begun = await ops.PostJsonAsync(drill, new { minutes = Minutes, reason = "monthly" }).Expect(200);
        await ops.PostJsonAsync(drill, new { minutes = 1, reason = "twice" }).Expect(409, "path_not_active");
        // A second is what a worker has to hear of it.
        await Eventually.EqualAsync(
            "second",
            async () =>
            {
                var id = (await client.SendAsync(tenant.Address).Expect(202))["id"]!;
                await Eventually.TrueAsync(async () => await PathAsync(gateway, id) is not null, "it was tried");
                return await PathAsync(gateway, id);
            },
            "the path of new mail"
        );
        await boundClient.SendAsync(bound.Address).Expect(202);
        var report = $"/ops/v1/paths/first/drills/{begun.Body["drill"]!["id"]}";
        await Eventually.EqualAsync(
            "1",
            async () => (await ops.GetJsonAsync(report))["waiting_for_path"],
            "stranded mail"
        );
        var running = await ops.GetJsonAsync(report).Expect(200);
        Assert.Equal(("running", "0", "0"), (running["state"], running["lost"], running["held"]));
        Assert.InRange(int.Parse(running["moved"]!, CultureInfo.InvariantCulture), 1, 100);
        Assert.InRange(double.Parse(running["switched_after_ms"]!, CultureInfo.InvariantCulture), 0, 5_000);
        if (running["last_begun_after_ms"] is { } late)
        {
            Assert.InRange(double.Parse(late, CultureInfo.InvariantCulture), 0, 1_000);
        }

        // Nobody ends it.
        await Eventually.EqualAsync("over", async () => (await ops.GetJsonAsync(report))["state"], "the drill");
        Assert.Equal("active", (await ops.GetJsonAsync("/ops/v1/paths/first"))["mode"]);
        await Eventually.EqualAsync(
            0L,
            () => gateway.Ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"),
            "mail that still waits"
        );
        await ops.GetJsonAsync("/ops/v1/paths/second/drills/" + report.Split('/')[^1]).Expect(404);
    }

    private static Task<string?> PathAsync(RunningGateway gateway, string message) =>
        gateway.Ledger.ScalarAsync<string?>(
            "SELECT min(path) FROM attempts WHERE message_id = @message::uuid",
            new { message }
        );

    private static Task UntilSentAsync(RunningGateway gateway, long count) =>
        Eventually.EqualAsync(
            count,
            () => gateway.Ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE state = 'sent'"),
            "mail that was sent"
        );

    private Task<RunningGateway> StartAsync(string tokenFile, params (string Name, SmtpScriptServer Relay)[] paths)
    {
        var settings = new Dictionary<string, string?> { ["Gateway__OperatorTokenFile"] = tokenFile };
        foreach (var (at, (name, relay)) in paths.Index())
        {
            settings[$"Gateway__Paths__{name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{name}__Port"] = $"{relay.Port}";
            settings[$"Gateway__Paths__{name}__Tls"] = "None";
            settings[$"Gateway__Route__{at}"] = name;
        }

        return RunningGateway.StartAsync(cluster, settings: settings);
    }
}
