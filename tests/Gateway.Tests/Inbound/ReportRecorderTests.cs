using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Mail.Bounces;
using Gateway.Reports;
using Gateway.Routing;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Worker.Delivery;
using Gateway.Worker.Health;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Inbound;

public sealed class ReportRecorderTests(TestCluster cluster)
{
    private static readonly NextStep Sent = new(DeliveryState.Sent);

    [Fact]
    public async Task A_report_moves_the_delivery_and_tells_it_once()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var id = await SentAsync(ledger);
        await using var recorder = Recorder(ledger);
        var report = Report(id, Reported.Delivered) with { Reply = "250 ok\0\uD800", SourceEventId = "e1" };

        var results = await recorder.RecordAsync([report, report, Report(id, Reported.Opened)]);
        var again = await recorder.RecordAsync([report]);

        Assert.Equal(
            [ReportVerdict.Recorded, ReportVerdict.Duplicate, ReportVerdict.Recorded],
            results.Select(r => r.Verdict)
        );
        Assert.Equal(ReportVerdict.Duplicate, again[0].Verdict);
        Assert.Equal(
            ["accepted", "sending", "sent", "delivered", "opened"],
            await ledger.QueryAsync<string>("SELECT type FROM events ORDER BY sequence")
        );
        Assert.True(await ledger.ScalarAsync<bool>("SELECT ended_at IS NOT NULL FROM deliveries"));
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task A_path_bounce_goes_back_to_the_queue_above_every_old_fence_and_avoids_that_path()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var id = await SentAsync(ledger);
        await using var recorder = Recorder(ledger);
        var bounce = Report(id, Reported.Failed) with { Outcome = Outcome.PathBlocked, Class = BounceClass.Block };

        var result = Assert.Single(await recorder.RecordAsync([bounce]));

        Assert.Equal(DeliveryState.Queued, result.State);
        Assert.True(
            await ledger.ScalarAsync<bool>(
                "SELECT q.fence > a.fence AND q.due_at <= now() FROM deliveries_due q JOIN attempts a USING (delivery_id)"
            )
        );
        Assert.Equal("eu", await ledger.ScalarAsync<string>("SELECT avoid[1] FROM deliveries"));
        Assert.Equal(
            ("path.bounces", "example.com"),
            (await ledger.QueryAsync<(string, string)>("SELECT type, data ->> 'subject' FROM path_events")).Single()
        );
        Assert.Equal("path_bounce", await ledger.ScalarAsync<string>("SELECT cause FROM deliveries"));

        // Every worker's circuit of that path and domain opens once.
        var board = new CircuitBoard(TimeProvider.System);
        var opened = 0;
        board.TellTo(_ => opened++);
        using var bounces = new ReportedBounces(
            ledger.Worker,
            board,
            TimeProvider.System,
            NullLogger<ReportedBounces>.Instance
        );
        await bounces.LookAsync(default);
        await bounces.LookAsync(default);
        Assert.Equal(1, opened);
        var key = new CircuitKey("eu", CircuitScope.RemoteDomain, "example.com");
        Assert.Equal([key], board.OpenCircuits().Keys);

        // A worker takes it again, and the loader tells it what to avoid.
        var claim = Assert.Single(await new DeliveryQueue(ledger.Worker, TimeProvider.System).ClaimAsync(10, default));
        var (works, _) = await new DeliveryLoader(ledger.Worker).LoadAsync([claim], default);
        Assert.Equal(["eu"], Assert.Single(works).Avoid);
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task The_third_path_bounce_holds_until_a_release()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var id = LedgerId.Delivery(await mail.AcceptAsync(await ledger.CreateTenantAsync()), 1);
        await using var recorder = Recorder(ledger);
        foreach (var (path, attempt) in new[] { ("eu", 1), ("us", 2), ("own", 3) })
        {
            await mail.ServeAsync(Sent, path);
            var bounce = Report(id, Reported.Failed) with
            {
                Outcome = Outcome.PathDown,
                Path = path,
                Attempt = attempt,
            };
            await recorder.RecordAsync([bounce, bounce]);
        }

        Assert.Equal(
            ("held", "path_bounce", "release"),
            (
                await ledger.QueryAsync<(string, string, string)>(
                    "SELECT d.state, d.cause, q.waiting_for FROM deliveries d JOIN deliveries_due q USING (delivery_id) WHERE q.due_at > now()"
                )
            ).Single()
        );
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task What_is_on_the_network_is_reported_early_and_comes_again()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var id = LedgerId.Delivery(await mail.AcceptAsync(await ledger.CreateTenantAsync()), 1);
        var claim = Assert.Single(await mail.Queue.ClaimAsync(10, default));
        await mail.Journal.BeginAsync(new BeginItem(claim, "eu", MayDuplicate: false));
        await using var recorder = Recorder(ledger);
        var report = Report(id, Reported.Delivered) with { SourceEventId = "e1" };

        Assert.Equal(ReportVerdict.Early, (await recorder.RecordAsync([report]))[0].Verdict);
        Assert.True(await mail.RecordAsync(claim, 1, Sent, "eu"));
        Assert.Equal(ReportVerdict.Recorded, (await recorder.RecordAsync([report]))[0].Verdict);
        Assert.Equal("delivered", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task What_a_worker_claimed_and_did_not_begin_is_taken_from_it()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var id = await SentAsync(ledger);
        await using var recorder = Recorder(ledger);
        await recorder.RecordAsync([Report(id, Reported.Failed) with { Outcome = Outcome.PathBlocked }]);
        await using var mail = new LedgerMail(ledger);
        var claim = Assert.Single(await mail.Queue.ClaimAsync(10, default));

        await recorder.RecordAsync([Report(id, Reported.Delivered)]);

        Assert.Equal(BeginVerdict.Lost, (await mail.Journal.BeginAsync(new BeginItem(claim, "us", false))).Verdict);
        Assert.Equal(0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task Nobody_reports_for_another_path_tenant_or_message()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var id = await SentAsync(ledger);
        await using var recorder = Recorder(ledger);
        var report = Report(id, Reported.Delivered);
        var results = await recorder.RecordAsync([
            report with
            {
                Path = "us",
            },
            report with
            {
                Attempt = 2,
            },
            report with
            {
                TenantId = Guid.NewGuid(),
            },
            report with
            {
                MessageId = Guid.NewGuid(),
            },
            report with
            {
                DeliveryId = LedgerId.Delivery(LedgerId.MessageOf(id), 9),
            },
            // Of a day that is long gone.
            report with
            {
                MessageId = LedgerId.NewMessage(DateTimeOffset.UnixEpoch),
                DeliveryId = Guid.NewGuid(),
            },
        ]);

        Assert.All(results, r => Assert.Equal(ReportVerdict.Orphan, r.Verdict));
        Assert.Equal("sent", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));
        Assert.Equal(3L, await ledger.ScalarAsync<long>("SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task A_report_on_mail_whose_day_is_gone_is_kept_for_its_tenant_as_an_orphan()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var recorder = Recorder(ledger);
        var gone = LedgerId.NewMessage(DateTimeOffset.UtcNow - TimeSpan.FromDays(90));
        var report = Report(LedgerId.Delivery(gone, 1), Reported.Complained) with { TenantId = tenant.Id };

        Assert.NotNull(Assert.Single(await recorder.RecordAsync([report])).EventId);
        Assert.Equal("complained", await ledger.ScalarAsync<string>("SELECT type FROM events WHERE orphan"));
    }

    [Fact]
    public async Task Reports_of_many_callers_on_the_same_mail_neither_deadlock_nor_lose_one()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var tenant = await ledger.CreateTenantAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add(LedgerId.Delivery(await mail.AcceptAsync(tenant), 1));
        }

        while (await mail.ServeAsync(Sent, "eu") > 0) { }

        await using var here = Recorder(ledger);
        await using var there = Recorder(ledger);
        var reports = ids.SelectMany(id =>
                Enumerable.Range(0, 10).Select(n => Report(id, Reported.Opened) with { SourceEventId = $"{id}/{n}" })
            )
            .ToArray();
        Random.Shared.Shuffle(reports);
        await Task.WhenAll(
            reports
                .Select((r, i) => (i % 2 == 0 ? here : there).RecordAsync([r]))
                .Concat(reports.Select(r => here.RecordAsync([r])))
        );

        Assert.Equal(200L, await ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE type = 'opened'"));
        Assert.Equal(20L, await ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE type = 'delivered'"));
        await EventFold.AssertHoldsAsync(ledger);
    }

    private static async Task<Guid> SentAsync(TestLedger ledger)
    {
        await using var mail = new LedgerMail(ledger);
        var id = await mail.AcceptAsync(await ledger.CreateTenantAsync());
        await mail.ServeAsync(Sent, "eu");
        return LedgerId.Delivery(id, 1);
    }

    private static DeliveryReport Report(Guid delivery, Reported kind) =>
        new()
        {
            MessageId = LedgerId.MessageOf(delivery),
            DeliveryId = delivery,
            Kind = kind,
            Source = "provider",
            At = DateTimeOffset.UtcNow,
        };

    private static ReportRecorder Recorder(TestLedger ledger) =>
        new(ledger.Worker, new WakeUp(ledger.Worker, NullLogger<WakeUp>.Instance), TimeProvider.System);
}
