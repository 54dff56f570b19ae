using Gateway.Api.Messages;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Tests.Reading;

public sealed class MessageListTests(TestCluster cluster)
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Paging_over_three_days_shows_each_message_once_newest_first()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        var ids = new List<Guid>();
        for (var day = -1; day <= 1; day++)
        {
            for (var i = 0; i < 5; i++)
            {
                ids.Add(await host.Mail.AcceptAsync(tenant, new() { At = Now.AddDays(day).AddSeconds(i) }));
                await host.Mail.AcceptAsync(other, new() { At = Now.AddDays(day).AddSeconds(i) });
            }
        }

        using var client = host.Client(tenant);
        var seen = new List<Guid>();
        string? next = null;
        do
        {
            var page = await client.JsonAsync("/v1/messages?limit=4" + (next is null ? "" : $"&cursor={next}"));
            Assert.InRange(page.Items().Count, 1, 4);
            seen.AddRange(page.Items().Select(i => i.Id()));
            next = page["next"]?.GetValue<string>();
        } while (next is not null);

        ids.Reverse();
        Assert.Equal(ids, seen);
    }

    [Fact]
    public async Task A_full_last_page_has_no_next()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Mail.AcceptAsync(tenant);
        await host.Mail.AcceptAsync(tenant);
        using var client = host.Client(tenant);
        var page = await client.JsonAsync("/v1/messages?limit=2");
        Assert.Equal(2, page.Items().Count);
        Assert.Null(page["next"]);
    }

    [Fact]
    public async Task Each_filter_finds_its_own_and_filters_combine()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var submission = LedgerId.NewMessage(Now);
        var yesterday = await host.Mail.AcceptAsync(
            tenant,
            new() { At = Now.AddDays(-1), Tags = ["invoice", "May 2026"] }
        );
        var bounced = await host.Mail.AcceptAsync(
            tenant,
            new() { To = ["Bob@Example.COM", "eve@example.com"], At = Now.AddMilliseconds(-5) }
        );
        await host.Mail.ServeAsync(LedgerMail.Sent, "sandbox");
        var batch = await host.Mail.AcceptAsync(
            tenant,
            new()
            {
                Submission = submission,
                To = ["zoë@example.com"],
                At = Now,
            }
        );
        await host.Mail.ServeAsync(LedgerMail.Bounced, "relay");
        var queued = await host.Mail.AcceptAsync(tenant, new() { Tags = ["invoice"], At = Now.AddSeconds(1) });

        using var client = host.Client(tenant);
        await FindsAsync("", queued, batch, bounced, yesterday);
        await FindsAsync("recipient=bob@example.com", bounced);
        await FindsAsync("recipient=BOB@example.com", bounced);
        await FindsAsync("recipient=nobody@example.com");
        await FindsAsync("state=bounced", batch);
        await FindsAsync("state=sent", bounced, yesterday);
        await FindsAsync("path=relay", batch);
        await FindsAsync("cause=recipient", batch);
        await FindsAsync("tag=invoice", queued, yesterday);
        await FindsAsync("tag=May%202026", yesterday);
        await FindsAsync("tag=invoice&state=sent", yesterday);
        await FindsAsync($"submission={submission}", batch);
        await FindsAsync($"submission={queued}", queued);
        await FindsAsync($"since={Now.AddHours(-1):yyyy-MM-dd'T'HH:mm:ss'Z'}", queued, batch, bounced);
        await FindsAsync($"until={Now.AddHours(-1):yyyy-MM-dd'T'HH:mm:ss'Z'}", yesterday);
        await FindsAsync("since=1960-01-01&until=9999-12-31T23:59:59.999Z", queued, batch, bounced, yesterday);
        // Both hold, but never for one and the same delivery.
        await FindsAsync("recipient=bob@example.com&state=bounced");

        async Task FindsAsync(string filter, params Guid[] expected)
        {
            var page = await client.JsonAsync("/v1/messages?" + filter);
            Assert.True(
                expected.SequenceEqual(page.Items().Select(i => i.Id())),
                $"{filter}: {page.Items().Count} items, expected {expected.Length}"
            );
        }
    }

    [Fact]
    public async Task An_item_shows_its_deliveries_and_their_common_state()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var id = await host.Mail.AcceptAsync(
            tenant,
            new()
            {
                To = ["a@example.com", "b@example.com"],
                Subject = "Grüße",
                Tags = ["x"],
            }
        );
        using var client = host.Client(tenant);
        var item = (await client.JsonAsync("/v1/messages")).Items().Single();
        Assert.Equal(
            (id, id, "queued", tenant.Address, "Grüße", "transactional"),
            (
                item.Id(),
                item.Id("submission_id"),
                item.Text("state"),
                item.Text("from"),
                item.Text("subject"),
                item.Text("stream")
            )
        );
        Assert.Equal(["a@example.com", "b@example.com"], item.Items("deliveries").Select(d => d.Text("to")));
        Assert.Equal("x", item["tags"]![0]!.GetValue<string>());

        var first = LedgerId.Delivery(id, 1);
        await host.Mail.ServeAsync(c => c.DeliveryId == first ? LedgerMail.Sent : LedgerMail.Bounced);
        item = (await client.JsonAsync("/v1/messages")).Items().Single();
        Assert.Equal("mixed", item.Text("state"));
        Assert.Equal(["sent", "bounced"], item.Items("deliveries").Select(d => d.Text("state")));
        Assert.Equal(["final", "recipient"], item.Items("deliveries").Select(d => d.Text("cause")));
    }

    [Theory]
    [InlineData("stat=sent", "stat", "only")]
    [InlineData("state=flying", "state", "one of queued, sending, sent")]
    [InlineData("state=sent&state=held", "state", "one value")]
    [InlineData("limit=0", "limit", "1 to 200")]
    [InlineData("limit=201", "limit", "1 to 200")]
    [InlineData("limit=ten", "limit", "1 to 200")]
    [InlineData("recipient=bob", "recipient", "one address")]
    [InlineData("since=yesterday", "since", "2026-01-31T08:30:00Z")]
    [InlineData("until=2026-13-01", "until", "2026-01-31T08:30:00Z")]
    [InlineData("submission=1", "submission", "an id")]
    [InlineData("cursor=AAAA", "cursor", "'next'")]
    [InlineData("cursor=!", "cursor", "'next'")]
    [InlineData("tag=a%00b", "tag", "without control characters")]
    [InlineData("tag=", "tag", "1 to 320 characters")]
    public async Task What_a_list_does_not_know_is_refused_by_name(string query, string field, string accepted)
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        var problem = await client.JsonAsync("/v1/messages?" + query, 422);
        Assert.Equal(field, problem.Text("field"));
        Assert.Contains(accepted, problem.Text("accepted"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_csv_cannot_carry_a_formula()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Mail.AcceptAsync(
            tenant,
            new() { Subject = "=HYPERLINK(\"https://x.example\",\"a\")", Tags = ["@x"] }
        );
        await host.Mail.AcceptAsync(tenant, new() { Subject = "plain, with \"quotes\"", To = ["+1@example.com"] });
        using var client = host.Client(tenant);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/messages?limit=1");
        request.Headers.Add("Accept", "application/json;q=0.5, text/csv");
        using var answer = await client.SendAsync(request);
        var first = await answer.Content.ReadAsStringAsync();
        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("id,submission_id,created_at,from,subject,", first, StringComparison.Ordinal);
        Assert.Contains(",\"plain, with \"\"quotes\"\"\",", first, StringComparison.Ordinal);
        Assert.Contains(",\"'+1@example.com\",", first, StringComparison.Ordinal);

        var link = answer.Headers.GetValues("Link").Single();
        using var more = new HttpRequestMessage(HttpMethod.Get, link[1..link.IndexOf('>', StringComparison.Ordinal)]);
        more.Headers.Add("Accept", "text/csv");
        using var secondAnswer = await client.SendAsync(more);
        var second = await secondAnswer.Content.ReadAsStringAsync();
        Assert.Contains(",\"'=HYPERLINK(\"\"https://x.example\"\",\"\"a\"\")\",", second, StringComparison.Ordinal);
        Assert.Contains(",\"'@x\",", second, StringComparison.Ordinal);
        Assert.False(secondAnswer.Headers.Contains("Link"));
    }

    [Fact]
    public async Task A_key_without_read_lists_nothing()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Ledger.ExecuteAsync(
            "UPDATE api_keys SET scopes = '{send}' WHERE tenant_id = @Id",
            new { tenant.Id }
        );
        using var client = host.Client(tenant);
        Assert.Equal("scope_missing", (await client.JsonAsync("/v1/messages", 403)).Text("code"));
    }

    [Fact]
    public async Task Lists_go_by_their_index_and_bounds_of_time_leave_other_days_alone()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var mail = new LedgerMail(ledger);
        await Task.WhenAll(
            Enumerable
                .Range(0, 2_000)
                .Select(i => mail.AcceptAsync(tenant, new() { To = [$"a{i}@example.com", $"b{i}@example.com"] }))
        );
        await ledger.ExecuteAsync("ANALYZE messages; ANALYZE deliveries");
        var (today, tomorrow) = (DateTimeOffset.UtcNow.Date, DateTimeOffset.UtcNow.Date.AddDays(1));

        var all = await PlanAsync($"since={today:yyyy-MM-dd}&until={tomorrow:yyyy-MM-dd}");
        Assert.DoesNotContain($"{tomorrow:yyyyMMdd}", all, StringComparison.Ordinal);
        Assert.Contains(
            $"Index Only Scan Backward using messages_{today:yyyyMMdd}_pkey",
            all,
            StringComparison.Ordinal
        );
        // The page's 51 rows are read and no more, and each row's deliveries by their key.
        Assert.Matches($@"messages_{today:yyyyMMdd}_pkey on messages_\d+ m_\d+ \(actual rows=51 loops=1\)", all);
        Assert.Matches(
            $@"deliveries_{today:yyyyMMdd}_pkey on deliveries_\d+ d(_\d+)? \(actual rows=2 loops=5[01]\)",
            all
        );

        var one = await PlanAsync("recipient=b7@example.com");
        Assert.Matches(
            $@"using deliveries_{today:yyyyMMdd}_tenant_id_recipient_key\w+ on deliveries_\d+ d_\d+ \(actual rows=1 loops=1\)",
            one
        );

        Task<string> PlanAsync(string query) =>
            Plan.ReadAsync(
                ledger.Door,
                tenant,
                MessageList.Build(
                    tenant.Id,
                    MessageFilter.Read(new QueryCollection(QueryHelpers.ParseQuery(query)), out _)!
                )
            );
    }
}
