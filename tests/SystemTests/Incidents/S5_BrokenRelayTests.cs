using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using ProviderEmulators.Faults;
using SystemTests.Installed;

namespace SystemTests.Incidents;

/// <summary>S5: new relays beside a good one, each misconfigured in a way of its own: nobody's mail may bounce for that.</summary>
[Collection("incidents")]
public sealed class S5_BrokenRelayTests(SharedStage shared)
{
    private static readonly (string Name, string Step, string Reply)[] Broken =
    [
        ("denies", FaultStep.Rcpt, "550 5.7.1 relaying denied"),
        ("unknown", FaultStep.Rcpt, "550 5.1.1 user unknown"),
        ("new-words", FaultStep.Answer, "554 this gateway needs its yearly blessing"),
        ("content", FaultStep.Answer, "554 5.7.1 message looks like spam"),
    ];

    // What an operator's release of the cohort leaves in the ledger.
    private const string Release = """
        WITH moved AS (
            UPDATE deliveries SET state = 'queued', cause = NULL, waiting_for = NULL, held_at = NULL, due_at = NULL,
                sequence = sequence + 1, updated_at = now()
            WHERE state = 'held' RETURNING tenant_id, message_id, delivery_id, sequence
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at)
            SELECT tenant_id, message_id, gen_random_uuid(), message_id, delivery_id, sequence, 'released', 'queued', now()
            FROM moved
        )
        UPDATE deliveries_due SET due_at = now(), waiting_for = NULL, fence = fence + 1
        WHERE delivery_id IN (SELECT delivery_id FROM moved)
        """;

    [Fact]
    public async Task S5_broken_relays_beside_a_good_one_bounce_nobody_and_all_is_listed_and_sent()
    {
        var stage = shared.Stage;
        foreach (var (name, step, reply) in Broken)
        {
            Stage.Play(shared[name], new Fault { At = step, Body = reply });
        }

        var tenants = new List<InstalledTenant>();
        foreach (var (name, _, _) in Broken)
        {
            tenants.Add(await stage.TenantAsync($"{name}=1, good=1"));
            tenants.Add(await stage.TenantAsync($"{name}=1, good=1"));
        }

        await Stage.RulesAsync();
        await Task.WhenAll(tenants.Select((t, i) => stage.SendAsync(t, 60, $"s5-{i}-")));
        await stage.UntilAsync(
            $"SELECT count(*) = 480 AND bool_and(state IN ('sent', 'held')) FROM deliveries WHERE {Stage.Of(tenants)}",
            "all are sent or held",
            90
        );
        await JudgeAsync(stage, shared["good"], tenants, 480);
    }

    /// <summary><c>incidents.sh</c>: 54,000 messages, half of them of one tenant alone.</summary>
    [Fact(Explicit = true)]
    public async Task S5_in_full()
    {
        var count = Stage.Number("GATEWAY_INCIDENT_BROKEN", 54_000) / 3;
        await using var stage = new Stage();
        var good = stage.Relay("good");
        var tiers = new List<string>();
        foreach (var (name, step, reply) in Broken)
        {
            Stage.Play(stage.Relay(name), new Fault { At = step, Body = reply });
            tiers.Add($"{name}=1");
        }

        await stage.BeginAsync(["good"], workers: 2);
        await stage.Installation.Workers[0].TerminateAsync();
        await stage.Installation.Workers[1].TerminateAsync();
        var tenants = new List<InstalledTenant>();
        for (var i = 0; i < 3; i++)
        {
            tenants.Add(await stage.TenantAsync(string.Join(", ", tiers.Append("good=2"))));
            await stage.QueueAsync(tenants[^1], count, i == 0 ? "transactional" : "broadcast");
        }

        var began = DateTime.UtcNow;
        await Task.WhenAll(stage.Installation.Workers.Select(w => w.StartAsync()));
        await stage.UntilAsync(
            $"SELECT count(*) = {3 * count} AND bool_and(state IN ('sent', 'held')) FROM deliveries",
            "all are sent or held",
            1_200
        );
        Stage.Tell($"S5: {3 * count:N0} settled after {(DateTime.UtcNow - began).TotalSeconds:0} s");
        await JudgeAsync(stage, good, tenants, 3 * count);
    }

    private static async Task JudgeAsync(Stage stage, StagePath good, List<InstalledTenant> tenants, int count)
    {
        var before = await stage.DescribeAsync(Stage.Of(tenants));
        Assert.Equal(0L, await stage.Ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE state = 'bounced'"));
        // What was parked is listed with the words that parked it, and goes out once the relays are mended.
        var held = 0;
        foreach (var tenant in tenants)
        {
            held += await ListedAsync(stage, tenant);
        }

        Assert.Equal(
            (long)held,
            await stage.Ledger.ScalarAsync<long>(
                $"SELECT count(*) FROM deliveries WHERE state = 'held' AND {Stage.Of(tenants)}"
            )
        );
        foreach (var path in stage.Paths.Where(p => Broken.Any(b => b.Name == p.Name)))
        {
            path.Provider.Faults.Clear();
        }

        await stage.Ledger.ExecuteAsync(Release);
        await stage.UntilAsync(
            $"SELECT NOT EXISTS (SELECT FROM deliveries WHERE state <> 'sent' AND {Stage.Of(tenants)})",
            "what was held is sent",
            180
        );
        await stage.AssertEachOnceAsync(tenants);
        Assert.Equal(
            Broken.Length,
            (
                await stage.Ledger.QueryAsync<string>(
                    "SELECT DISTINCT path FROM path_events WHERE type IN ('circuit.opened', 'mass_bounce') AND path = ANY (@Names)",
                    new { Names = Broken.Select(b => b.Name).ToArray() }
                )
            ).Count
        );
        Stage.Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"S5: {count:N0} into {Broken.Length} broken relays beside a good one: 0 bounced, {held:N0} held, listed and released, each received once ({before}); the good one took {good.Provider.Store.Mails.Count:N0}"
            )
        );
    }

    /// <summary>How many the tenant's own list shows as held, each with the reply that did it.</summary>
    private static async Task<int> ListedAsync(Stage stage, InstalledTenant tenant)
    {
        using var client = Installation.Client(stage.Installation.Apis[0], tenant);
        var (listed, next) = (0, "");
        do
        {
            var page = await client.GetFromJsonAsync<JsonElement>(
                $"/v1/messages?state=held&cause=mass_bounce&limit=100{next}"
            );
            foreach (var item in page.GetProperty("items").EnumerateArray())
            {
                listed++;
                if (listed == 1)
                {
                    var message = await client.GetStringAsync($"/v1/messages/{item.GetProperty("id").GetString()}");
                    Assert.Contains(Broken, b => message.Contains(b.Reply, StringComparison.Ordinal));
                }
            }

            next = page.GetProperty("next").GetString() is { } cursor ? $"&cursor={Uri.EscapeDataString(cursor)}" : "";
        } while (next.Length > 0);

        return listed;
    }
}
