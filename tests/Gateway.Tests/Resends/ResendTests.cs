using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Resends;

/// <summary>What a tenant sends again, as a job.</summary>
public sealed class ResendTests(TestCluster cluster)
{
    private static readonly string[] Three = ["a@example.com", "b@example.com", "c@example.com"];

    [Fact]
    public async Task A_dry_run_tells_what_would_be_sent_and_what_not_and_why_and_changes_nothing()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var whole = await host.Mail.AcceptAsync(tenant, new() { To = Three });
        await host.Mail.AcceptAsync(
            tenant,
            new() { To = ["late@example.com"], Deadline = DateTimeOffset.UtcNow.AddMinutes(1) }
        );
        var gone = await host.Mail.AcceptAsync(tenant, new() { To = ["gone@example.com"] });
        await host.Mail.AcceptAsync(tenant, new() { To = ["no@example.com"] });
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        await host.Ledger.ExecuteAsync(
            """
            UPDATE messages SET deadline_at = now() - interval '1 s' WHERE deadline_at IS NOT NULL;
            UPDATE bodies SET content = NULL WHERE message_id = @gone;
            INSERT INTO suppressions (tenant_id, address, stream, reason)
            VALUES (@Id, 'no@example.com', 'transactional', 'complaint')
            """,
            new { gone, tenant.Id }
        );
        var first = LedgerId.Delivery(whole, 1);
        await client.PostJsonAsync($"/v1/messages/{whole}/resend?delivery={first}", null).Expect(202);

        var preview = await client
            .PostJsonAsync(
                "/v1/resends",
                new
                {
                    state = "bounced",
                    path = "bad",
                    dry_run = true,
                }
            )
            .Expect(200);
        Assert.Equal("6", preview["matched"]);
        Assert.Equal("2", preview["would_act"]);
        Assert.Equal(
            ["already_resent 1", "content_gone 1", "deadline_passed 1", "suppressed 1", " 2"],
            preview.Body["groups"]!
                .AsArray()
                .Select(g => $"{g!["skipped"]} {g["count"]}")
                .OrderBy(g => g.StartsWith(' '))
                .ThenBy(g => g, StringComparer.Ordinal)
        );
        Assert.Equal(0L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM cohorts"));

        var job = await client.PostJsonAsync("/v1/resends", new { state = "bounced", rate = 1000 }).Expect(202);
        Assert.Equal(2, await host.RunAsync());
        var done = await client.GetJsonAsync($"/v1/resends/{job["id"]}").Expect(200);
        Assert.Equal("done", done["state"]);
        // What was previewed is what came.
        Assert.Equal(
            """{"already_resent":1,"content_gone":1,"deadline_passed":1,"resent":2,"suppressed":1}""",
            Sorted(done.Body["outcomes"]!.AsObject())
        );
    }

    [Fact]
    public async Task A_failed_delivery_is_sent_again_as_a_new_one_once_however_often_it_is_asked_for()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var message = await host.Mail.AcceptAsync(tenant, new() { To = Three });
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        var body = new { state = "bounced", rate = 1000 };
        await client.PostJsonAsync("/v1/resends", body).Expect(202);
        await client.PostJsonAsync("/v1/resends", body).Expect(202);
        // Two workers at the same jobs.
        using var other = host.NewRunner();
        await Task.WhenAll(host.RunAsync(), other.RunOnceAsync(CancellationToken.None));
        var again = await host.Ledger.QueryAsync<(Guid, string)>(
            "SELECT resend_of, recipient FROM deliveries WHERE resend_of IS NOT NULL ORDER BY recipient"
        );
        Assert.Equal(Three.Select((to, i) => (LedgerId.Delivery(message, i + 1), to)), again);
        Assert.Equal(3, await host.Mail.ServeAsync(LedgerMail.Sent, "good"));

        // The chain goes on from its last link only.
        await client.PostJsonAsync("/v1/resends", body).Expect(202);
        Assert.Equal(0, await host.RunAsync());
        Assert.Equal(new Dictionary<string, long> { ["bounced"] = 3, ["sent"] = 3 }, await host.StatesAsync());
        var events = await client.GetJsonAsync($"/v1/messages/{message}");
        Assert.Equal(3, events.Body["events"]!.AsArray().Count(e => e!["type"]!.ToString() == "resent"));
    }

    [Fact]
    public async Task Mail_that_was_sent_and_never_heard_of_is_sent_once_more_and_marked()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var message = await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(LedgerMail.Sent, "slow");
        var refused = await client.PostJsonAsync("/v1/resends", new { state = "sent" }).Expect(422);
        Assert.Equal("path", refused["field"]);
        var since = DateTimeOffset.UtcNow.AddHours(-1);
        await client
            .PostJsonAsync(
                "/v1/resends",
                new
                {
                    state = "sent",
                    path = "slow",
                    since,
                    rate = 100,
                }
            )
            .Expect(202);
        Assert.Equal(1, await host.RunAsync());

        Assert.Equal(
            [("resent", "queued", 1), ("possible_duplicate", null, 2)],
            await host.Ledger.QueryAsync<(string, string?, int)>(
                "SELECT type, state, sequence FROM events WHERE delivery_id = @id ORDER BY sequence",
                new { id = LedgerId.Delivery(message, 2) }
            )
        );
        await host.Mail.ServeAsync(LedgerMail.Sent, "good");
        Assert.Equal(
            3,
            await host.Ledger.ScalarAsync<int>(
                "SELECT sequence - 1 FROM deliveries WHERE delivery_id = @id",
                new { id = LedgerId.Delivery(message, 2) }
            )
        );
    }

    [Fact]
    public async Task What_is_held_is_released_as_the_delivery_it_is_but_not_what_the_platform_holds()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var mine = await host.Mail.AcceptAsync(tenant);
        var theirs = await host.Mail.AcceptAsync(tenant);
        var parked = new Gateway.Worker.Delivery.NextStep("held", "mass_bounce", TimeSpan.FromDays(7));
        await host.Mail.ServeAsync(c => c.MessageId == mine ? LedgerMail.Held : parked, "bad");
        await client.PostJsonAsync("/v1/resends", new { state = "held", rate = 100 }).Expect(202);
        Assert.Equal(1, await host.RunAsync());
        Assert.Equal(
            [(mine, "queued"), (theirs, "held")],
            await host.Ledger.QueryAsync<(Guid, string)>("SELECT message_id, state FROM deliveries ORDER BY 1")
        );
        await client.PostJsonAsync($"/v1/messages/{theirs}/release", null).Expect(409, "held_by_operator");
        await client.PostJsonAsync($"/v1/messages/{theirs}/resend", null).Expect(409, "held_by_operator");
        await client.PostJsonAsync($"/v1/messages/{theirs}/cancel", null).Expect(200);
        Assert.Equal(1, await host.Mail.ServeAsync(LedgerMail.Sent));
    }

    [Fact]
    public async Task Whoever_brought_an_unusual_volume_cannot_release_it_as_a_job_but_a_key_in_charge_can()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var later = await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(
            new Gateway.Worker.Delivery.NextStep("held", "unusual_volume", TimeSpan.FromDays(7))
        );
        await host.Ledger.ExecuteAsync(
            "UPDATE messages SET send_at = now() + interval '1 hour' WHERE message_id = @later",
            new { later }
        );
        var body = new { state = "held", dry_run = true };
        var tried = await client.PostJsonAsync("/v1/resends", body).Expect(200);
        Assert.Equal("held_by_operator", tried.Body["groups"]![0]!["skipped"]!.ToString());
        Assert.Equal("0", (await client.PostJsonAsync("/v1/resends", new { state = "held" }).Expect(202))["total"]);

        // The same key, had it been in use for long.
        await host.Ledger.ExecuteAsync(
            "UPDATE api_keys SET first_used_at = now() - interval '2 days', scopes = scopes"
        );
        using var known = host.Client(tenant);
        await Gateway.Tests.Running.Eventually.TrueAsync(
            async () => (await known.PostJsonAsync("/v1/resends", body))["would_act"] == "1",
            "the key is known by now"
        );
        await client.PostJsonAsync("/v1/resends", new { state = "held", rate = 100 }).Expect(202);
        Assert.Equal(1, await host.RunAsync());
        // Not sooner than it was meant for.
        Assert.True(
            await host.Ledger.ScalarAsync<bool>("SELECT due_at > now() + interval '50 minutes' FROM deliveries_due")
        );
    }

    [Fact]
    public async Task A_bounce_that_was_the_paths_fault_keeps_no_recipient_suppressed_where_the_tenant_says_so()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        await host.Mail.AcceptAsync(tenant, new() { To = ["a@example.com", "b@example.com"] });
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO suppressions (tenant_id, address, stream, reason) VALUES
                (@Id, 'a@example.com', 'transactional', 'hard_bounce'), (@Id, 'b@example.com', 'transactional', 'complaint')
            """,
            new { tenant.Id }
        );
        await client.PostJsonAsync("/v1/resends", new { state = "bounced", rate = 100 }).Expect(202);
        Assert.Equal(0, await host.RunAsync());
        await client
            .PostJsonAsync(
                "/v1/resends",
                new
                {
                    state = "bounced",
                    rate = 100,
                    lift_bounces = true,
                }
            )
            .Expect(202);
        Assert.Equal(1, await host.RunAsync());
        Assert.Equal(["complaint"], await host.Ledger.QueryAsync<string>("SELECT reason FROM suppressions"));
        await host.Mail.ServeAsync(LedgerMail.Sent, "good");
        Assert.Equal(
            "a@example.com",
            await host.Ledger.ScalarAsync<string>("SELECT recipient FROM deliveries WHERE state = 'sent'")
        );
    }

    [Fact]
    public async Task A_job_keeps_its_rate_stops_when_told_and_is_nobody_elses()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        using var client = host.Client(tenant);
        using var stranger = host.Client(other);
        await host.Mail.AcceptAsync(
            tenant,
            new() { To = [.. Enumerable.Range(0, 40).Select(i => $"r{i}@example.com")] }
        );
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        var job = await client.PostJsonAsync("/v1/resends", new { state = "bounced", rate = 2 }).Expect(202);
        var path = $"/v1/resends/{job["id"]}";
        var started = DateTime.UtcNow;
        var acted = 0;
        do
        {
            acted += await host.Runner.RunOnceAsync(CancellationToken.None);
            await Task.Delay(50);
        } while (acted < 3);

        var seconds = (DateTime.UtcNow - started).TotalSeconds;
        Assert.True(acted <= 2 + (2 * seconds), $"{acted} in {seconds} s at 2/s");
        await stranger.GetJsonAsync(path).Expect(404);
        await stranger.GetJsonAsync(path + "/deliveries").Expect(404);
        await stranger.PostJsonAsync(path + "/cancel", null).Expect(404);
        Assert.Empty((await stranger.GetJsonAsync("/v1/resends")).Items);

        Assert.Equal("cancelled", (await client.PostJsonAsync(path + "/cancel", null).Expect(200))["state"]);
        Assert.Equal(0, await host.RunAsync());
        var items = (await client.GetJsonAsync(path + "/deliveries?outcome=resent").Expect(200)).Items;
        Assert.Equal(acted, items.Count);
        Assert.All(items, i => Assert.Equal("queued", i["resent_state"]!.ToString()));
        Assert.Equal(path.Split('/')[^1], (await client.GetJsonAsync("/v1/resends")).Items.Single()["id"]!.ToString());
    }

    [Fact]
    public async Task What_a_job_does_not_know_is_refused_by_name()
    {
        (string Body, string Field)[] cases =
        [
            ("""{}""", "state"),
            ("""{"state":"queued"}""", "state"),
            ("""{"states":["bounced","flying"]}""", "states[1]"),
            ("""{"state":"bounced","states":["held"]}""", "states"),
            ("""{"state":"bounced","rate":0}""", "rate"),
            ("""{"state":"bounced","max":100001}""", "max"),
            ("""{"state":"bounced","recipients":["bob"]}""", "recipients[0]"),
            ("""{"state":"bounced","over":"relay"}""", "over"),
            ("""{"state":"bounced","tenant":"x"}""", "tenant"),
            ("""{"state":"bounced","dry_run":"yes"}""", "dry_run"),
            ("""{"state":"cancelled","cause":"by_tenant"}""", "cause"),
            ("""{"states":["cancelled","bounced"]}""", "cause"),
        ];
        await using var host = await ResendHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        foreach (var (body, field) in cases)
        {
            Assert.Equal(field, (await client.PostJsonAsync("/v1/resends", body).Expect(422))["field"]);
        }
    }

    [Fact]
    public async Task More_than_the_cap_is_refused_whole()
    {
        await using var host = await ResendHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        await host.Mail.AcceptAsync(tenant, new() { To = Three });
        await host.Mail.ServeAsync(LedgerMail.Bounced, "bad");
        foreach (var dryRun in (bool[])[true, false])
        {
            var body = new
            {
                state = "bounced",
                max = 2,
                dry_run = dryRun,
            };
            await client.PostJsonAsync("/v1/resends", body).Expect(409, "cap_exceeded");
        }

        Assert.Equal(0L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM cohort_deliveries"));
    }

    private static string Sorted(System.Text.Json.Nodes.JsonObject values) =>
        "{"
        + string.Join(',', values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"\"{v.Key}\":{v.Value}"))
        + "}";
}
