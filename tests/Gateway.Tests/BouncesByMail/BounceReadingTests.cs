using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.BouncesByMail;

/// <summary>From the bytes on the socket to the delivery's state, its events and the suppressions.</summary>
public sealed class BounceReadingTests(TestCluster cluster)
{
    [Fact]
    public async Task Each_report_ends_its_delivery_in_the_right_state()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        (string Name, string Content, string State, string Suppressed)[] cases =
        [
            ("unknown", Reports.Unknown("unknown@example.net"), "bounced recipient | bounced", "hard_bounce dsn"),
            (
                "full",
                Reports.Status("full@example.net", "failed", "5.2.2", "552 5.2.2 mailbox full"),
                "bounced recipient | bounced",
                ""
            ),
            (
                "late",
                Reports.Status("late@example.net", "delayed", "4.4.1", "connection timed out"),
                "sent final | deferred",
                ""
            ),
            (
                "there",
                Reports.Status("there@example.net", "delivered", "2.0.0", "250 2.0.0 ok"),
                "delivered | delivered",
                ""
            ),
            (
                "blocked",
                Reports.Status(
                    "blocked@example.net",
                    "failed",
                    "5.7.1",
                    "550 5.7.1 Your IP is on a blacklist, see https://x.example"
                ),
                "queued path_bounce | queued",
                ""
            ),
            ("complains", Reports.Complaint(), "delivered | delivered complained", "complaint arf"),
            ("forgives", Reports.Complaint("not-spam"), "sent final |", ""),
            ("away", Reports.Vacation, "sent final |", ""),
            ("writes", Reports.Person, "sent final |", ""),
            // Behind a forwarder: the address it names is not the one we know.
            (
                "forwarded",
                Reports.Unknown("somebody.else@example.org"),
                "bounced recipient | bounced",
                "hard_bounce dsn"
            ),
        ];
        var deliveries = await host.SentAsync(tenant, "broadcast", [.. cases.Select(c => $"{c.Name}@example.net")]);
        foreach (var (delivery, (name, content, _, _)) in deliveries.Zip(cases))
        {
            var reply = await host.BringAsync(
                name is "writes" ? "ann@example.net" : "",
                host.Addresses.Bounce(delivery, 1),
                content
            );
            Assert.True(reply.StartsWith("250", StringComparison.Ordinal), $"{name}: {reply}");
        }

        await host.ReadAllAsync(cases.Length);
        await host.FollowAsync();
        foreach (var (delivery, (name, _, state, suppressed)) in deliveries.Zip(cases))
        {
            Assert.Equal((name, state), (name, await host.StateAsync(delivery)));
            var rows =
                suppressed.Length == 0 ? ""
                : suppressed.StartsWith("hard", StringComparison.Ordinal)
                    ? $"broadcast {suppressed}; transactional {suppressed}"
                : $"broadcast {suppressed}";
            Assert.Equal((name, rows), (name, await host.ListOfAsync($"{name}@example.net")));
        }

        Assert.Equal(
            "550 5.1.1 <x>: Recipient address rejected: User unknown|5.1.1|dsn|1|relay|hard",
            await host.Ledger.ScalarAsync<string>(
                """
                SELECT concat_ws('|', data ->> 'reply', data ->> 'status', data ->> 'source', data ->> 'attempt', data ->> 'path',
                    data ->> 'class') FROM events WHERE delivery_id = @delivery AND type = 'bounced'
                """,
                new { delivery = deliveries[0] }
            )
        );
        Assert.Equal(
            ["auto_reply", "not_a_report", "not_spam"],
            await host.Ledger.QueryAsync<string>(
                "SELECT outcome FROM inbound_mail WHERE outcome NOT IN ('bounce', 'delayed', 'delivered', 'complaint') ORDER BY 1"
            )
        );
    }

    [Fact]
    public async Task A_report_that_the_ledger_will_not_take_is_kept_and_holds_up_no_other()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var deliveries = await host.SentAsync(tenant, "transactional", "bad@example.net", "ann@example.net");
        await host.Ledger.ExecuteAsync(
            $"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22023'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW
                WHEN (NEW.delivery_id = '{deliveries[0]}') EXECUTE FUNCTION refuse()
            """
        );
        await using (var talk = await host.TalkAsync())
        {
            foreach (var delivery in deliveries)
            {
                await ReturnHost.BringAsync(
                    talk,
                    "",
                    host.Addresses.Bounce(delivery, 1),
                    Reports.Unknown("x@example.net")
                );
            }
        }

        await host.ReadAllAsync(1);
        Assert.Equal("bounced recipient | bounced", await host.StateAsync(deliveries[1]));
        Assert.Equal("sent final |", await host.StateAsync(deliveries[0]));
        await Eventually.EqualAsync(
            "PostgresException",
            () =>
                host.Ledger.ScalarAsync<string>(
                    "SELECT coalesce(max(problem), '') FROM inbound_mail WHERE state <> 'done'"
                ),
            "why it is not read"
        );
    }

    [Fact]
    public async Task The_same_report_twice_is_one_event()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "transactional", "ann@example.net"))[0];
        for (var i = 0; i < 3; i++)
        {
            await host.BringAsync("", host.Addresses.Bounce(delivery, 1), Reports.Unknown("ann@example.net"));
        }

        await host.ReadAllAsync(3);
        Assert.Equal("bounced recipient | bounced", await host.StateAsync(delivery));
    }

    [Fact]
    public async Task A_report_about_mail_that_the_ledger_does_not_have_is_kept_as_orphan()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var gone = Gateway.Ledger.LedgerId.Delivery(
            Gateway.Ledger.LedgerId.NewMessage(DateTimeOffset.UtcNow.AddDays(-200)),
            1
        );
        await host.BringAsync("", host.Addresses.Bounce(gone, 1), Reports.Unknown("ann@example.net"));
        await host.BringAsync("ann@example.net", host.Addresses.Unsubscribe(gone), Reports.Leave);
        await host.ReadAllAsync(2);
        Assert.Equal(
            2,
            await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_mail WHERE outcome = 'orphan'")
        );
    }

    [Fact]
    public async Task Who_writes_to_the_unsubscribe_address_leaves_and_no_machine_does()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        string[] names = ["leaves", "talks", "bounces", "away"];
        var deliveries = await host.SentAsync(tenant, "broadcast", [.. names.Select(n => $"{n}@example.net")]);
        foreach (
            var (delivery, from, content) in new[]
            {
                (deliveries[0], "ann@example.net", Reports.Leave),
                (deliveries[0], "ann@example.net", Reports.Leave + "again"),
                (deliveries[1], "ann@example.net", Reports.Person),
                (deliveries[2], "", Reports.Unknown("bounces@example.net")),
                (deliveries[3], "ann@example.net", Reports.Vacation),
            }
        )
        {
            Assert.StartsWith(
                "250",
                await host.BringAsync(from, host.Addresses.Unsubscribe(delivery), content),
                StringComparison.Ordinal
            );
        }

        await host.ReadAllAsync(5);
        await host.FollowAsync();
        Assert.Equal("broadcast unsubscribe unsubscribe", await host.ListOfAsync("leaves@example.net"));
        Assert.Equal("broadcast unsubscribe unsubscribe", await host.ListOfAsync("talks@example.net"));
        Assert.Equal("", await host.ListOfAsync("bounces@example.net"));
        Assert.Equal("", await host.ListOfAsync("away@example.net"));
        Assert.Equal("sent final | unsubscribed", await host.StateAsync(deliveries[0]));
    }

    [Fact]
    public async Task Old_mail_is_emptied_then_dropped_and_what_failed_keeps_its_content()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO inbound_mail (mail_id, kind, delivery_id, mail_from, content, size_bytes, state, received_at)
            SELECT gen_random_uuid(), 'bounce', gen_random_uuid(), '', 'x', 1, s.state, now() - make_interval(days => s.days)
            FROM (VALUES ('done', 1), ('done', 8), ('failed', 8), ('failed', 31), ('done', 31)) AS s (state, days)
            """
        );
        await new Gateway.Webhooks.Mail.InboundMailLedger(host.Ledger.Worker).ForgetAsync(CancellationToken.None);
        Assert.Equal(
            ["done 1", "done ", "failed 1"],
            await host.Ledger.QueryAsync<string>(
                "SELECT state || ' ' || coalesce(length(content)::text, '') FROM inbound_mail ORDER BY received_at DESC, state"
            )
        );
    }
}
