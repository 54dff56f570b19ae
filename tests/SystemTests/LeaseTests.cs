using System.Globalization;
using System.Net.Http.Json;
using Gateway.Worker.Delivery;
using SystemTests.Installed;
using SystemTests.Sink;

namespace SystemTests;

/// <summary>Workers that come back from the dead, and leases that nobody holds any more.</summary>
public sealed class LeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task A_worker_that_slept_five_leases_adds_what_it_knows_and_changes_nothing_else()
    {
        const int messages = 24;
        var log = new SinkLog();
        await using var sink = new FaultySink("sink", log) { Fault = SinkFault.Slow };
        await using var installation = await Installation.StartAsync(
            new() { Workers = 2, Settings = Over(sink, Lease) }
        );
        var ledger = installation.Ledger;
        var tenant = await ledger.CreateTenantAsync();
        // The second one is not there until the first one sleeps: all that is under way is the first one's.
        await installation.Workers[1].KillAsync();
        await SendAsync(installation, tenant, messages);
        Assert.True(await ledger.UntilAsync("SELECT count(*) >= 10 FROM deliveries WHERE state = 'sending'", Wait));
        await Task.Delay(TimeSpan.FromMilliseconds(300));

        var sleep = installation.Workers[0].PauseAsync(Lease * 5);
        await installation.Workers[1].StartAsync();
        Assert.True(
            await ledger.UntilAsync(
                "SELECT count(*) >= 6 AND bool_and(state <> 'sending') FROM deliveries WHERE state IN ('sending', 'unknown')",
                Wait
            )
        );
        // Half of what is unknown is tried again before the sleeper wakes; the other half waits for the truth.
        sink.Fault = SinkFault.None;
        await ledger.ExecuteAsync(
            """
            UPDATE deliveries_due SET due_at = now() WHERE waiting_for = 'reconciliation' AND delivery_id IN
                (SELECT delivery_id FROM deliveries_due WHERE waiting_for = 'reconciliation' ORDER BY delivery_id
                    LIMIT (SELECT count(*) / 2 FROM deliveries_due WHERE waiting_for = 'reconciliation'))
            """
        );
        await sleep;
        Assert.True(await ledger.UntilAsync("SELECT bool_and(state = 'sent') FROM deliveries", Wait));
        Assert.True(await ledger.UntilAsync("SELECT bool_and(outcome IS NOT NULL) FROM attempts", Wait));

        var copies = log.Receipts.GroupBy(r => r.Key).Select(k => k.Count()).ToArray();
        Assert.Equal(messages, copies.Length);
        Assert.True(copies.Max() <= 2, $"one was sent {copies.Max()} times");
        var twice = await ledger.QueryAsync<string>(
            "SELECT string_agg(type, ' ' ORDER BY sequence) FROM events GROUP BY delivery_id HAVING bool_or(type = 'possible_duplicate')"
        );
        Assert.Equal(copies.Count(c => c == 2), twice.Count);
        // Both attempts are there, the first one's result marked as late.
        Assert.All(
            twice,
            t => Assert.StartsWith("accepted sending unknown possible_duplicate sending", t, StringComparison.Ordinal)
        );
        Assert.Equal(
            (long)copies.Count(c => c == 2),
            await ledger.ScalarAsync<long>(
                "SELECT count(*) FROM attempts WHERE number = 1 AND late AND delivery_id IN (SELECT delivery_id FROM attempts WHERE number = 2)"
            )
        );
        Assert.True(
            await ledger.ScalarAsync<long>("SELECT count(*) FROM attempts WHERE late AND outcome = 'Accepted'") >= 6
        );
        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{messages} messages, {twice.Count} sent twice and declared, "
                + $"{await ledger.ScalarAsync<long>("SELECT count(*) FROM attempts WHERE late")} late results"
        );
    }

    [Fact]
    public async Task Ten_thousand_running_leases_do_not_hide_one_that_ended()
    {
        // The product's own length where the environment asks for it.
        var lease = TimeSpan.FromSeconds(
            int.TryParse(
                Environment.GetEnvironmentVariable("GATEWAY_LEASE_SECONDS"),
                CultureInfo.InvariantCulture,
                out var s
            )
                ? s
                : 6
        );
        var log = new SinkLog();
        await using var sink = new FaultySink("sink", log);
        await using var installation = await Installation.StartAsync(new() { Settings = Over(sink, lease) });
        var ledger = installation.Ledger;
        var tenant = await ledger.CreateTenantAsync();
        await installation.Workers[0].KillAsync();
        await SendAsync(installation, tenant, 1);
        // A worker that is gone had it; the others have 10,000 before it in every order that there is.
        await ledger.ExecuteAsync(
            """
            UPDATE deliveries_due SET lease_until = now() + interval '1 hour', fence = fence + 1;
            INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id, lease_until, fence, begun)
            SELECT tenant_id, stream, due_at - interval '1 minute',
                ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, message_id, now() + interval '1 hour', 1, true
            FROM deliveries_due, generate_series(1, 10000) AS n
            """
        );
        await installation.Workers[0].StartAsync();
        await Task.Delay(lease + TimeSpan.FromSeconds(2));
        await ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = now() WHERE NOT begun");
        var ended = DateTime.UtcNow;

        Assert.True(await ledger.UntilAsync("SELECT bool_and(state = 'sent') FROM deliveries", Wait));

        var took = DateTime.UtcNow - ended;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"lease {lease}: sent {took.TotalSeconds:0.0} s after it ended"
        );
        Assert.True(took < TimeSpan.FromSeconds(30), $"it took {took}");
        Assert.Equal(
            10_000L,
            await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due WHERE lease_until > now()")
        );
    }

    [Fact]
    public async Task A_claim_that_a_crash_forgot_has_a_fence_of_its_own()
    {
        await using var installation = await Installation.StartAsync(new() { Workers = 0 });
        var ledger = installation.Ledger;
        await SendAsync(installation, await ledger.CreateTenantAsync(), 1);
        var before = await ledger.ScalarAsync<long>("SELECT fence FROM deliveries_due");
        var forgotten = await new DeliveryQueue(ledger.Worker, TimeProvider.System).ClaimAsync(
            1,
            CancellationToken.None
        );
        // What the crash leaves: the row as it was before the claim that had not reached the disk.
        await ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = NULL, fence = @before", new { before });
        var kept = await new DeliveryQueue(ledger.Worker, TimeProvider.System).ClaimAsync(1, CancellationToken.None);

        Assert.Equal(forgotten.Single().DeliveryId, kept.Single().DeliveryId);
        Assert.True(kept.Single().Fence > forgotten.Single().Fence);
    }

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(40);

    private static Dictionary<string, string?> Over(FaultySink sink, TimeSpan lease) =>
        new()
        {
            ["Gateway__Lease"] = lease.ToString("c", CultureInfo.InvariantCulture),
            ["Gateway__Route__0"] = sink.Name,
            [$"Gateway__Paths__{sink.Name}__Provider"] = "smtp",
            [$"Gateway__Paths__{sink.Name}__Host"] = "127.0.0.1",
            [$"Gateway__Paths__{sink.Name}__Port"] = $"{sink.Port}",
            [$"Gateway__Paths__{sink.Name}__Tls"] = "None",
        };

    private static async Task SendAsync(Installation installation, InstalledTenant tenant, int count)
    {
        using var client = Installation.Client(installation.Apis[0], tenant);
        for (var i = 0; i < count; i++)
        {
            using var answer = await client.PostAsJsonAsync(
                "/v1/messages",
                new
                {
                    from = tenant.Address,
                    to = new[] { $"n{i}@example.net" },
                    subject = $"n{i}",
                    text = "hello",
                }
            );
            Assert.Equal(202, (int)answer.StatusCode);
        }
    }
}
