using System.Diagnostics;
using System.Net.Http.Json;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Egress;

/// <summary>What an operator says of a path, and what the path says of itself, in a Worker that runs.</summary>
public sealed class PathTests(TestCluster cluster)
{
    [Fact]
    public async Task A_rule_that_is_added_decides_within_a_second_and_only_for_what_it_matches()
    {
        await using var first = new SmtpScriptServer();
        await using var second = new SmtpScriptServer();
        await using var gateway = await StartAsync(("first", first.Port), ("second", second.Port));
        var (mine, other) = (await gateway.Ledger.CreateTenantAsync(), await gateway.Ledger.CreateTenantAsync());
        await gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO routes (route_id, tenant_id, place, from_domain, tiers)
            VALUES (gen_random_uuid(), @Id, 1, @Domain, '[[{"path":"second","weight":1}]]')
            """,
            new { mine.Id, mine.Domain }
        );
        await UntilPathAsync(gateway, mine, "second");
        await UntilPathAsync(gateway, other, "first");
    }

    [Fact]
    public async Task A_path_that_dies_is_left_its_circuit_is_told_and_a_canary_brings_it_back()
    {
        await using var second = new SmtpScriptServer();
        await using var first = new SmtpScriptServer(SmtpScript.At("connect", "554 5.3.2 no service here"));
        await using var gateway = await StartAsync(("first", first.Port), ("second", second.Port));
        var tenant = await gateway.Ledger.CreateTenantAsync();
        Assert.Equal("second", await PathOfOneAsync(gateway, tenant));
        await Eventually.EqualAsync(
            "circuit.opened",
            () => gateway.Ledger.ScalarAsync<string>("SELECT max(type) FROM path_events WHERE path = 'first'"),
            "what the path's events say"
        );

        first.Script = new SmtpScript();
        await Eventually.EqualAsync(
            1L,
            () =>
                gateway.Ledger.ScalarAsync<long>(
                    "SELECT count(*) FROM path_events WHERE path = 'first' AND type = 'circuit.closed'"
                ),
            "canaries that came back"
        );
        // The canary was a handshake: no mail of anybody was spent on it.
        Assert.Empty(first.Mails);
        await UntilPathAsync(gateway, tenant, "first");
    }

    [Fact]
    public async Task A_new_path_earns_its_traffic_and_its_refusals_bounce_nobody()
    {
        await using var good = new SmtpScriptServer();
        await using var fresh = new SmtpScriptServer();
        await using var gateway = await StartAsync(("fresh", fresh.Port), ("good", good.Port));
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync("INSERT INTO path_modes (path, mode, reason) VALUES ('fresh', 'off', 'new')");
        await UntilPathAsync(gateway, tenant, "good");
        fresh.Script = SmtpScript.At("RCPT", "550 5.1.1 no such user");
        await gateway.Ledger.ExecuteAsync(
            "INSERT INTO path_probations (path, step, share) VALUES ('fresh', 'share', 1); DELETE FROM path_modes"
        );
        await Eventually.EqualAsync(
            "ejected",
            async () =>
            {
                await PathOfOneAsync(gateway, tenant);
                return await gateway.Ledger.ScalarAsync<string>("SELECT step FROM path_probations");
            },
            "where the new path stands"
        );
        Assert.Equal(
            0L,
            await gateway.Ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE state = 'bounced'")
        );

        // Mended, and begun anew: the canary, then the steps, here of one send each and no time.
        fresh.Script = new SmtpScript();
        await gateway.Ledger.ExecuteAsync("UPDATE path_probations SET step = 'canary', share = 0, since = now()");
        await Eventually.EqualAsync(
            "admitted",
            async () =>
            {
                // Of one in a hundred it may take long until one comes: many at once.
                await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PathOfOneAsync(gateway, tenant)));
                return await gateway.Ledger.ScalarAsync<string>(
                    "SELECT coalesce(max(step || ' ' || share || ' ' || coalesce(reason, '')), 'admitted') FROM path_probations"
                );
            },
            "where the new path stands"
        );
        Assert.Equal(
            ["ejected", "advanced", "advanced", "advanced", "advanced", "admitted"],
            await gateway.Ledger.QueryAsync<string>(
                "SELECT split_part(type, '.', 2) FROM path_events WHERE type LIKE 'probation.%' ORDER BY event_id"
            )
        );
    }

    /// <summary>Sends until a message goes over the path, and says how long that took.</summary>
    private static async Task<TimeSpan> UntilPathAsync(RunningGateway gateway, TestTenant tenant, string path)
    {
        var watch = Stopwatch.StartNew();
        while (await PathOfOneAsync(gateway, tenant) != path)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"no mail went over {path}");
        }

        return watch.Elapsed;
    }

    /// <summary>Sends one message and says over which path it went.</summary>
    private static async Task<string> PathOfOneAsync(RunningGateway gateway, TestTenant tenant)
    {
        using var client = gateway.Client(tenant);
        using var answer = await client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to = new[] { "ann@example.net" },
                subject = "x",
                text = "x",
            }
        );
        var message = (await answer.Content.ReadFromJsonAsync<Accepted>())!.Id;
        string? path = null;
        await Eventually.EqualAsync(
            "sent",
            async () =>
            {
                (var state, path) = (
                    await gateway.Ledger.QueryAsync<(string, string?)>(
                        "SELECT state, path FROM deliveries WHERE message_id = @message",
                        new { message }
                    )
                )[0];
                return state;
            },
            "the state of the delivery"
        );
        return path!;
    }

    private Task<RunningGateway> StartAsync(params (string Name, int Port)[] relays)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Gateway__Admission__Sends"] = "1",
            ["Gateway__Admission__Minutes"] = "0",
        };
        for (var i = 0; i < relays.Length; i++)
        {
            settings[$"Gateway__Paths__{relays[i].Name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{relays[i].Name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{relays[i].Name}__Port"] = $"{relays[i].Port}";
            settings[$"Gateway__Paths__{relays[i].Name}__Tls"] = "None";
            settings[$"Gateway__Route__{i}"] = relays[i].Name;
        }

        return RunningGateway.StartAsync(cluster, settings: settings);
    }

    private sealed record Accepted(Guid Id);
}
