using System.Diagnostics;
using Dapper;
using Gateway.Api.Events;
using Gateway.Ledger;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Reading;

public sealed class EventFeedTests(TestCluster cluster)
{
    [Fact]
    public async Task Reading_on_from_next_shows_every_event_once_in_each_deliverys_order()
    {
        await using var own = await TestCluster.StartPrivateAsync();
        await using var host = await ReadingHost.StartAsync(own);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        for (var i = 0; i < 10; i++)
        {
            await host.Mail.AcceptAsync(tenant, new() { At = DateTimeOffset.UtcNow.AddDays((i % 3) - 1) });
            await host.Mail.AcceptAsync(other);
        }

        await host.Mail.ServeAsync(LedgerMail.Sent);
        using var client = host.Client(tenant);
        var (items, _) = await ReadAllAsync(client, "limit=7");
        Assert.Equal(30, items.Count);
        Assert.Equal(30, items.Select(i => i.Id).Distinct().Count());
        Assert.All(items.GroupBy(i => i.Delivery), d => Assert.Equal([1, 2, 3], d.Select(i => i.Sequence)));
        Assert.All(items, i => Assert.Equal("ann@example.com", i.Recipient));
        (items, var next) = await ReadAllAsync(client, "type=sent&limit=3");
        Assert.Equal(10, items.Count);
        Assert.Empty((await client.JsonAsync($"/v1/events?cursor={next}")).Items());
        (items, _) = await ReadAllAsync(client, $"message={items[0].Message}");
        Assert.Equal(["accepted", "sending", "sent"], items.Select(i => i.Type));
    }

    [Fact]
    public async Task A_writer_that_commits_late_is_not_skipped()
    {
        await using var own = await TestCluster.StartPrivateAsync();
        await using var host = await ReadingHost.StartAsync(own);
        var tenant = await host.Ledger.CreateTenantAsync();
        var before = await host.Mail.AcceptAsync(tenant);
        using var client = host.Client(tenant);
        var seen = new List<Guid>();
        string? cursor = null;

        await using var writer = await host.Ledger.Worker.OpenConnectionAsync();
        await using var transaction = await writer.BeginTransactionAsync();
        var late = LedgerId.New(DateTimeOffset.UtcNow);
        await writer.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, message_id, type, at)
            VALUES (@Id, @before, @late, @before, 'opened', now())
            """,
            new
            {
                tenant.Id,
                before,
                late,
            }
        );
        var held = Stopwatch.StartNew();
        var expected = new List<Guid> { LedgerId.Delivery(before, 1) };
        while (held.Elapsed < TimeSpan.FromSeconds(3))
        {
            expected.Add(LedgerId.Delivery(await host.Mail.AcceptAsync(tenant), 1));
            await ReadAsync();
            Assert.DoesNotContain(late, seen);
            await Task.Delay(50);
        }

        // What committed after the writer began waits behind it.
        Assert.Equal([expected[0]], seen);
        await transaction.CommitAsync();
        var until = Stopwatch.StartNew();
        while (seen.Count < expected.Count + 1 && until.Elapsed < TimeSpan.FromSeconds(10))
        {
            await ReadAsync();
        }

        Assert.Equal(late, seen[1]);
        Assert.Equal(expected.Append(late).Order(), seen.Order());

        async Task ReadAsync()
        {
            var page = await client.JsonAsync("/v1/events?limit=5" + (cursor is null ? "" : $"&cursor={cursor}"));
            seen.AddRange(page.Items().Select(i => i.Id()));
            cursor = page.Text("next");
        }
    }

    [Fact]
    public async Task Waiting_answers_as_soon_as_there_is_an_event()
    {
        await using var own = await TestCluster.StartPrivateAsync();
        await using var host = await ReadingHost.StartAsync(own);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Mail.AcceptAsync(tenant);
        using var client = host.Client(tenant);
        var now = (await client.JsonAsync("/v1/events?cursor=now")).Text("next");
        var waited = Stopwatch.StartNew();
        var empty = await client.JsonAsync($"/v1/events?cursor={now}&wait=1");
        Assert.Empty(empty.Items());
        Assert.InRange(waited.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(8));

        var waiting = client.JsonAsync($"/v1/events?cursor={empty.Text("next")}&wait=30");
        var id = await host.Mail.AcceptAsync(tenant);
        waited.Restart();
        Assert.Equal(id, (await waiting).Items().Single().Id("message_id"));
        Assert.InRange(waited.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_cursor_outlives_a_restore_into_another_cell()
    {
        await using var own = await TestCluster.StartPrivateAsync();
        await using var host = await ReadingHost.StartAsync(own);
        var tenant = await host.Ledger.CreateTenantAsync();
        for (var i = 0; i < 6; i++)
        {
            await host.Mail.AcceptAsync(tenant);
        }

        using var client = host.Client(tenant);
        var first = await client.JsonAsync("/v1/events?limit=4");
        var (_, end) = await ReadAllAsync(client, "limit=4");
        // What a restore does: a new epoch, and the transactions counted anew in the same order.
        await host.Ledger.ExecuteAsync(
            """
            UPDATE installation SET cell_epoch = cell_epoch + 1;
            UPDATE events e SET xid = n.place::text::xid8
            FROM (SELECT tenant_id, bucket, id, 3 + row_number() OVER (ORDER BY xid, id) AS place FROM events) n
            WHERE n.tenant_id = e.tenant_id AND n.bucket = e.bucket AND n.id = e.id
            """
        );
        var rest = await client.JsonAsync($"/v1/events?cursor={first.Text("next")}");
        Assert.Equal(2, rest.Items().Count);
        Assert.Equal(6, first.Items().Concat(rest.Items()).Select(i => i.Id()).Distinct().Count());
        Assert.Empty((await client.JsonAsync($"/v1/events?cursor={end}")).Items());

        // Restored from before that event: nobody can say what was missed.
        await host.Ledger.ExecuteAsync(
            "UPDATE installation SET cell_epoch = cell_epoch + 1; DELETE FROM events WHERE id = @id",
            new { id = rest.Items()[^1].Id() }
        );
        Assert.Equal(
            "cursor_lost",
            (await client.JsonAsync($"/v1/events?cursor={rest.Text("next")}", 410)).Text("code")
        );
    }

    [Fact]
    public async Task The_days_are_merged_by_their_index_as_far_as_the_page_needs()
    {
        // The planner looks at the snapshot's xmin, which any open transaction of a cluster holds back.
        await using var own = await TestCluster.StartPrivateAsync();
        await using var ledger = await TestLedger.CreateAsync(own);
        var tenant = await ledger.CreateTenantAsync();
        await using var mail = new LedgerMail(ledger);
        await Task.WhenAll(
            Enumerable
                .Range(0, 3_000)
                .Select(i => mail.AcceptAsync(tenant, new() { At = DateTimeOffset.UtcNow.AddDays((i % 3) - 1) }))
        );
        await ledger.ExecuteAsync("ANALYZE events; ANALYZE deliveries");
        var query = EventFeed.Build(
            tenant.Id,
            new EventQuery(null, false, 50, TimeSpan.Zero),
            EventCursor.Beginning(1)
        );
        var text = await Plan.ReadAsync(ledger.Door, tenant, query);
        Assert.Contains("Merge Append", text, StringComparison.Ordinal);
        Assert.Matches(@"Index Cond: \(\(tenant_id = .*ROW\(xid, id\) > ROW\(.*xid < pg_snapshot_xmin", text);
    }

    [Theory]
    [InlineData("cursor=yesterday", "cursor")]
    [InlineData("cursor=AQAA", "cursor")]
    [InlineData("wait=31", "wait")]
    [InlineData("wait=-1", "wait")]
    [InlineData("message=x", "message")]
    [InlineData("state=sent", "state")]
    public async Task What_the_feed_does_not_know_is_refused_by_name(string query, string field)
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        Assert.Equal(field, (await client.JsonAsync("/v1/events?" + query, 422)).Text("field"));
    }

    [Fact]
    public void Waiting_readers_are_bounded_and_one_tenant_leaves_room_for_others()
    {
        var room = new WaitingRoom();
        var tenants = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid()).ToArray();
        Assert.Equal(WaitingRoom.PlacesOfTenant, Enumerable.Range(0, 20).Count(_ => room.TryEnter(tenants[0])));
        Assert.Equal(
            WaitingRoom.Places,
            WaitingRoom.PlacesOfTenant + tenants.Skip(1).Sum(t => Enumerable.Range(0, 20).Count(_ => room.TryEnter(t)))
        );
        room.Leave(tenants[0]);
        Assert.True(room.TryEnter(tenants[^1]));
        Assert.False(room.TryEnter(tenants[0]));
    }

    [Fact]
    public void A_cursor_is_read_as_it_was_written()
    {
        var cursor = new EventCursor(7, ulong.MaxValue - 3, IsAfterXid: true, Guid.NewGuid(), Guid.NewGuid());
        Assert.True(EventCursor.TryParse(cursor.ToString(), out var read));
        Assert.Equal(cursor, read);
        Assert.False(EventCursor.TryParse(cursor.ToString()[1..], out _));
        Assert.False(EventCursor.TryParse(cursor + "AAAA", out _));
    }

    private static async Task<(List<Item> Items, string Next)> ReadAllAsync(HttpClient client, string query)
    {
        var (items, next) = (new List<Item>(), "");
        while (true)
        {
            var page = await client.JsonAsync($"/v1/events?{query}" + (next.Length == 0 ? "" : $"&cursor={next}"));
            next = page.Text("next");
            if (page.Items().Count == 0)
            {
                return (items, next);
            }

            items.AddRange(
                page.Items()
                    .Select(i => new Item(
                        i.Id(),
                        i.Text("type"),
                        i.Id("message_id"),
                        i.Id("delivery_id"),
                        i.Text("recipient"),
                        i["sequence"]!.GetValue<int>()
                    ))
            );
        }
    }

    private sealed record Item(Guid Id, string Type, Guid Message, Guid Delivery, string Recipient, int Sequence);
}
