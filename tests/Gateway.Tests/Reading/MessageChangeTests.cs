using Dapper;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Worker.Delivery;

namespace Gateway.Tests.Reading;

public sealed class MessageChangeTests(TestCluster cluster)
{
    [Fact]
    public async Task What_nobody_began_is_cancelled_and_the_rest_told_as_it_is()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var id = await host.Mail.AcceptAsync(
            tenant,
            new() { To = ["a@example.com", "b@example.com", "c@example.com"] }
        );
        var claims = (await host.Mail.Queue.ClaimAsync(10, default)).ToDictionary(c => c.DeliveryId);
        Guid Place(int place) => LedgerId.Delivery(id, place);
        await host.Mail.ServeAsync(claims[Place(1)], LedgerMail.Sent);
        var begun = await host.Mail.Journal.BeginAsync(new BeginItem(claims[Place(2)], "sandbox", MayDuplicate: false));

        var answer = await client.PostAsync($"/v1/messages/{id}/cancel");
        Assert.Equal("mixed", answer.Text("state"));
        Assert.Equal(["sent", "sending", "cancelled"], answer.Items("deliveries").Select(d => d.Text("state")));
        Assert.Equal([false, false, true], answer.Items("deliveries").Select(d => d["cancelled"]!.GetValue<bool>()));
        Assert.Equal(
            ["already_sent", "being_sent", null],
            answer.Items("deliveries").Select(d => (string?)d["reason"])
        );
        var again = await client.PostAsync($"/v1/messages/{id}/cancel");
        Assert.Equal(answer.ToJsonString(), again.ToJsonString());

        // The claim that was not begun is worth nothing now.
        Assert.False(await host.Mail.ServeAsync(claims[Place(3)], LedgerMail.Sent));
        Assert.True(await host.Mail.RecordAsync(claims[Place(2)], begun.Attempt, LedgerMail.Sent));
        var cancelled = (await client.JsonAsync($"/v1/messages/{id}")).Items("deliveries")[2];
        Assert.Equal(
            ("cancelled", "by_tenant", 0),
            (cancelled.Text("state"), cancelled.Text("cause"), cancelled.Items("attempts").Count)
        );
        Assert.NotNull(cancelled["ended_at"]);
        await EventFold.AssertHoldsAsync(host.Ledger);
    }

    [Fact]
    public async Task A_scheduled_message_can_be_cancelled_by_delivery()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var id = await host.Mail.AcceptAsync(tenant, new() { To = ["a@example.com", "b@example.com"] });
        var answer = await client.PostAsync($"/v1/messages/{id}/cancel?delivery={LedgerId.Delivery(id, 2)}");
        Assert.Equal(LedgerId.Delivery(id, 2), answer.Items("deliveries").Single().Id());
        Assert.Equal(1, await host.Mail.ServeAsync(LedgerMail.Sent));
        await client.PostAsync($"/v1/messages/{id}/cancel?delivery={Guid.NewGuid()}", 404);
        Assert.Equal("delivery", (await client.PostAsync($"/v1/messages/{id}/cancel?delivery=x", 422)).Text("field"));
        Assert.Equal("dry_run", (await client.PostAsync($"/v1/messages/{id}/cancel?dry_run=1", 422)).Text("field"));
        await EventFold.AssertHoldsAsync(host.Ledger);
    }

    [Fact]
    public async Task No_delivery_is_both_sent_and_cancelled_however_they_race()
    {
        const int rounds = 200;
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var ids = await Task.WhenAll(Enumerable.Range(0, rounds).Select(_ => host.Mail.AcceptAsync(tenant)));
        using var stop = new CancellationTokenSource();
        var worker = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                host.Mail.Queue.Forget();
                var claims = await host.Mail.Queue.ClaimAsync(7, default);
                await Task.WhenAll(claims.Select(c => host.Mail.ServeAsync(c, LedgerMail.Sent)));
            }
        });
        // From the other end than the worker, and from its own: claims meet cancellations and cancellations claims.
        var orders = ids.Index().Select(i => ids[i.Index % 2 == 0 ? i.Index / 2 : ^((i.Index / 2) + 1)]);
        var told = new Dictionary<Guid, bool>();
        foreach (var pair in orders.Distinct().Chunk(4))
        {
            foreach (
                var (id, cancelled) in await Task.WhenAll(
                    pair.Select(async id => (id, await client.PostAsync($"/v1/messages/{id}/cancel")))
                )
            )
            {
                told[id] = cancelled.Items("deliveries").Single()["cancelled"]!.GetValue<bool>();
            }
        }

        await UntilTheQueueIsEmptyAsync(host.Ledger);
        await stop.CancelAsync();
        await worker;
        Assert.Equal(rounds, told.Count);
        var rows = await host.Ledger.QueryAsync<(Guid Id, string State, long Attempts)>(
            """
            SELECT message_id, state, (SELECT count(*) FROM attempts a WHERE a.message_id = d.message_id)
            FROM deliveries d
            """
        );
        Assert.All(rows, r => Assert.Equal(told[r.Id] ? ("cancelled", 0L) : ("sent", 1L), (r.State, r.Attempts)));
        await EventFold.AssertHoldsAsync(host.Ledger);
        TestContext.Current.TestOutputHelper!.WriteLine($"{told.Count(t => t.Value)} of {rounds} were cancelled");
    }

    [Fact]
    public async Task A_cancellation_that_waits_for_a_begin_sees_what_came_of_it()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var id = await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(LedgerMail.Deferred);
        await using var worker = await host.Ledger.Worker.OpenConnectionAsync();
        foreach (var begins in (bool[])[true, false])
        {
            // A worker's transaction holds the row; the cancellation queues behind it.
            await using var transaction = await worker.BeginTransactionAsync();
            await worker.ExecuteAsync("UPDATE deliveries_due SET begun = @begins", new { begins });
            var cancelling = client.PostAsync($"/v1/messages/{id}/cancel");
            await UntilSomebodyWaitsAsync(host.Ledger);
            await transaction.CommitAsync();
            var delivery = (await cancelling).Items("deliveries").Single();
            Assert.Equal(!begins, delivery["cancelled"]!.GetValue<bool>());
        }

        await EventFold.AssertHoldsAsync(host.Ledger);
    }

    [Fact]
    public async Task A_release_puts_what_is_held_back_into_the_queue_with_its_clock_anew()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var id = await host.Mail.AcceptAsync(tenant, new() { To = ["a@example.com", "b@example.com"] });
        await host.Mail.ServeAsync(c => c.DeliveryId == LedgerId.Delivery(id, 1) ? LedgerMail.Held : LedgerMail.Sent);
        await host.Ledger.ExecuteAsync("UPDATE deliveries SET temporary_spent = '72 hours', deferrals = 9");

        var answer = await client.PostAsync($"/v1/messages/{id}/release");
        Assert.Equal(["queued", "sent"], answer.Items("deliveries").Select(d => d.Text("state")));
        Assert.Equal([true, false], answer.Items("deliveries").Select(d => d["released"]!.GetValue<bool>()));
        Assert.Equal([null, "not_held"], answer.Items("deliveries").Select(d => (string?)d["reason"]));
        var released = (await client.JsonAsync($"/v1/messages/{id}")).Items("events")[^1];
        Assert.Equal(
            ("released", "queued", "ttl_reached"),
            (released.Text("type"), released.Text("state"), released["data"].Text("held_for"))
        );
        var anew =
            "SELECT temporary_spent = '0' AND deferrals = 0 AND held_at IS NULL FROM deliveries WHERE state = 'queued'";
        Assert.True(await host.Ledger.ScalarAsync<bool>(anew));
        Assert.Equal(1, await host.Mail.ServeAsync(LedgerMail.Sent));
        await EventFold.AssertHoldsAsync(host.Ledger);
    }

    [Fact]
    public async Task A_resend_is_a_new_delivery_and_the_same_call_makes_no_second()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var id = await host.Mail.AcceptAsync(tenant, new() { To = ["a@example.com", "b@example.com"] });
        await host.Mail.ServeAsync(c =>
            c.DeliveryId == LedgerId.Delivery(id, 1) ? LedgerMail.Bounced : LedgerMail.Sent
        );

        var both = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => client.PostAsync($"/v1/messages/{id}/resend", content: null))
        );
        Assert.Equal([202, 409, 409, 409], both.Select(a => (int)a.StatusCode).Order());
        var message = await client.JsonAsync($"/v1/messages/{id}");
        var (old, again) = (message.Items("deliveries")[0], message.Items("deliveries")[2]);
        Assert.Equal((3, LedgerId.Delivery(id, 3)), (message.Items("deliveries").Count, again.Id()));
        Assert.Equal(
            (old.Id(), "a@example.com", "queued"),
            (again.Id("resend_of"), again.Text("to"), again.Text("state"))
        );
        Assert.Equal("bounced", old.Text("state"));

        // A failed resend can be sent again itself; what was sent only by its name.
        Assert.Equal(1, await host.Mail.ServeAsync(LedgerMail.Bounced));
        var third = await client.PostAsync($"/v1/messages/{id}/resend", 202);
        Assert.Equal(
            [null, null, LedgerId.Delivery(id, 4)],
            third.Items("deliveries").Select(d => (Guid?)d["resent_as"])
        );
        Assert.Equal(
            ["already_resent", "already_sent", null],
            third.Items("deliveries").Select(d => (string?)d["reason"])
        );
        await client.PostAsync($"/v1/messages/{id}/resend?delivery={LedgerId.Delivery(id, 2)}", 202);
        Assert.Equal(2, await host.Mail.ServeAsync(LedgerMail.Sent));
        await EventFold.AssertHoldsAsync(host.Ledger);
    }

    [Fact]
    public async Task Resending_what_is_held_ends_the_hold_so_that_a_release_sends_no_second_copy()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var id = await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(LedgerMail.Held);
        var answer = await client.PostAsync($"/v1/messages/{id}/resend", 202);
        var held = answer.Items("deliveries").Single();
        Assert.Equal(("cancelled", "resent"), (held.Text("state"), held.Text("cause")));
        Assert.Equal(
            [false, false],
            (await client.PostAsync($"/v1/messages/{id}/release")).Items("deliveries").Select(d => (bool)d["released"]!)
        );
        Assert.Equal(1, await host.Mail.ServeAsync(LedgerMail.Sent));
        await EventFold.AssertHoldsAsync(host.Ledger);
    }

    [Fact]
    public async Task What_cannot_be_sent_again_says_why()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        var queued = await host.Mail.AcceptAsync(tenant);
        await RefusesAsync(queued, "unfinished");
        await host.Mail.ServeAsync(LedgerMail.Sent);
        await RefusesAsync(queued, "already_sent");

        var late = await host.Mail.AcceptAsync(tenant, new() { Deadline = DateTimeOffset.UtcNow.AddSeconds(-1) });
        await host.Mail.ServeAsync(LedgerMail.Bounced);
        await RefusesAsync(late, "deadline_passed");

        var old = await host.Mail.AcceptAsync(tenant);
        await host.Mail.ServeAsync(LedgerMail.Bounced);
        await host.Ledger.ExecuteAsync("UPDATE bodies SET content = NULL WHERE message_id = @old", new { old });
        await RefusesAsync(old, "content_gone");

        await host.Ledger.ExecuteAsync("UPDATE tenants SET state = 'suspended'");
        await Running.Eventually.EqualAsync(
            403,
            async () => (int)(await client.PostAsync($"/v1/messages/{late}/resend", content: null)).StatusCode,
            "a suspended tenant sends nothing again"
        );

        async Task RefusesAsync(Guid id, string reason)
        {
            var problem = await client.PostAsync($"/v1/messages/{id}/resend", 409);
            Assert.Equal(reason, problem.Text("code"));
        }
    }

    private static Task UntilTheQueueIsEmptyAsync(TestLedger ledger) =>
        Running.Eventually.EqualAsync(
            0,
            () => ledger.ScalarAsync<int>("SELECT count(*) FROM deliveries_due"),
            "left in the queue"
        );

    private static Task UntilSomebodyWaitsAsync(TestLedger ledger) =>
        Running.Eventually.TrueAsync(
            () =>
                ledger.ScalarAsync<bool>(
                    """
                    SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                        WHERE NOT l.granted AND a.datname = current_database())
                    """
                ),
            "the cancellation waits"
        );
}
