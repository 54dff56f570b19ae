using System.Net.Http.Json;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;

namespace Gateway.Tests.Egress;

/// <summary>When a hard refusal is believed, in a Worker that runs (S5).</summary>
public sealed class VerdictTests(TestCluster cluster)
{
    [Fact]
    public async Task A_path_that_refuses_everybody_bounces_nobody_and_an_ordinary_bounce_still_bounces()
    {
        await using var good = new SmtpScriptServer();
        await using var bad = new SmtpScriptServer(SmtpScript.At("RCPT", "550 5.1.1 user unknown"));
        await using var lone = new SmtpScriptServer(SmtpScript.At("RCPT", "550 5.1.1 user unknown"));
        await using var gateway = await StartAsync(("good", good.Port), ("bad", bad.Port), ("lone", lone.Port));
        var ledger = gateway.Ledger;
        TestTenant[] pair = [await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync()];
        TestTenant[] others = [await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync()];
        foreach (
            var (tenants, tiers) in new[]
            {
                (pair, """[[{"path":"bad","weight":1}],[{"path":"good","weight":1}]]"""),
                (others, """[[{"path":"lone","weight":1}]]"""),
            }
        )
        {
            foreach (var tenant in tenants)
            {
                await ledger.ExecuteAsync(
                    "INSERT INTO routes (route_id, tenant_id, place, tiers) VALUES (gen_random_uuid(), @Id, 1, @tiers::jsonb)",
                    new { tenant.Id, tiers }
                );
            }
        }

        // One alone, while the path says nothing else: it is weighed, and then believed.
        await SendAsync(gateway, others[0], 1);
        await Eventually.EqualAsync(
            1L,
            () => CountAsync(ledger, "waiting_for = 'verdict'"),
            "refusals that are weighed"
        );
        foreach (var tenant in pair)
        {
            await SendAsync(gateway, tenant, 20);
        }

        await Eventually.EqualAsync(
            40L,
            () => CountAsync(ledger, "state = 'sent' AND path = 'good'"),
            "sent over the good"
        );
        await Eventually.EqualAsync(
            1L,
            () => CountAsync(ledger, "state = 'bounced' AND cause = 'recipient'"),
            "bounced"
        );
        foreach (var tenant in others)
        {
            await SendAsync(gateway, tenant, 15);
        }

        await Eventually.EqualAsync(30L, () => CountAsync(ledger, "state = 'held' AND cause = 'mass_bounce'"), "held");
        Assert.Equal(1L, await CountAsync(ledger, "state = 'bounced'"));
        Assert.Equal(
            ["bad", "lone"],
            await ledger.QueryAsync<string>(
                "SELECT DISTINCT path FROM path_events WHERE type = 'mass_bounce' ORDER BY path"
            )
        );
        // The bounce tells the tenant which attempt it was, in the path's own words.
        Assert.Equal(
            "1 lone 550 5.1.1 user unknown",
            await ledger.ScalarAsync<string>(
                "SELECT concat_ws(' ', data ->> 'attempt', data ->> 'path', data ->> 'reply') FROM events WHERE type = 'bounced'"
            )
        );
        await EventFold.AssertHoldsAsync(ledger);
    }

    private static Task<long> CountAsync(TestLedger ledger, string what) =>
        ledger.ScalarAsync<long>($"SELECT count(*) FROM deliveries WHERE {what}");

    private static async Task SendAsync(RunningGateway gateway, TestTenant tenant, int count)
    {
        using var client = gateway.Client(tenant);
        for (var i = 0; i < count; i++)
        {
            using var answer = await client.PostAsJsonAsync(
                "/v1/messages",
                new
                {
                    from = tenant.Address,
                    to = new[] { $"n{i}@example.net" },
                    subject = "x",
                    text = "x",
                }
            );
            Assert.Equal(202, (int)answer.StatusCode);
        }
    }

    private Task<RunningGateway> StartAsync(params (string Name, int Port)[] relays)
    {
        var settings = new Dictionary<string, string?> { ["Gateway__Route__0"] = relays[0].Name };
        foreach (var (name, port) in relays)
        {
            settings[$"Gateway__Paths__{name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{name}__Port"] = $"{port}";
            settings[$"Gateway__Paths__{name}__Tls"] = "None";
        }

        return RunningGateway.StartAsync(cluster, settings: settings);
    }
}
