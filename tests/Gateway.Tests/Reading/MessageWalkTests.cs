using Gateway.Api.Messages;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Reading;

/// <summary>Filters without an index, among more than one request looks at.</summary>
public sealed class MessageWalkTests(TestCluster cluster)
{
    private const int Count = MessageQuery.RowsAWalk + 8_000;

    [Fact]
    public async Task A_filter_without_an_index_answers_what_it_found_by_then_and_goes_on()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await ExportTests.FillAsync(host.Ledger, tenant, Count);
        using var client = host.Client(tenant);

        // What matches nothing costs two walks, and says at the end that it is one.
        Assert.Equal([0, 0], (await PagesAsync(client, "path=nowhere")).Select(p => p.Count));
        Assert.Equal([0, 0], (await PagesAsync(client, "tag=nowhere")).Select(p => p.Count));
        Assert.Equal([0, 0], (await PagesAsync(client, "state=queued&tag=common")).Select(p => p.Count));

        var rare = await PagesAsync(client, "tag=rare&limit=200");
        Assert.Equal(2, rare.Count);
        Assert.Equal(Count / 1_000, rare.Sum(p => p.Count));
        Assert.Equal(Count / 1_000, rare.SelectMany(p => p).Distinct().Count());
        Assert.Equal(rare.SelectMany(p => p).OrderDescending(), rare.SelectMany(p => p));

        // What is found soon is found without a walk to its end: full pages, as ever.
        var full = await client.JsonAsync("/v1/messages?path=good&limit=200");
        Assert.Equal(200, full.Items().Count);
        Assert.Equal((Count / 1_000 * 5, true), await ExportedAsync(client, "path=bad"));
    }

    [Fact]
    public async Task A_message_in_which_a_walk_stops_is_shown_once_and_whole()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        // The walk's last row is one of this message's three, and its match one of those behind.
        var old = await host.Mail.AcceptAsync(
            tenant,
            new() { To = ["a@example.com", "b@example.com", "c@example.com"], At = DateTimeOffset.UtcNow.AddHours(-20) }
        );
        await host.Ledger.ExecuteAsync(
            "UPDATE deliveries SET path = 'slow' WHERE tenant_id = @Id AND recipient LIKE 'a@%'",
            new { tenant.Id }
        );
        await ExportTests.FillAsync(host.Ledger, tenant, MessageQuery.RowsAWalk - 2);
        using var client = host.Client(tenant);
        var pages = await PagesAsync(client, "path=slow");
        Assert.Equal([old], pages.SelectMany(p => p));
        await host.Ledger.ExecuteAsync(
            "UPDATE deliveries SET path = 'slow' WHERE tenant_id = @Id AND recipient LIKE 'c@%'",
            new { tenant.Id }
        );
        Assert.Equal([old], (await PagesAsync(client, "path=slow")).SelectMany(p => p));
    }

    private static async Task<IReadOnlyList<IReadOnlyList<Guid>>> PagesAsync(HttpClient client, string filter)
    {
        var pages = new List<IReadOnlyList<Guid>>();
        string? next = null;
        do
        {
            var page = await client.JsonAsync($"/v1/messages?{filter}" + (next is null ? "" : $"&cursor={next}"));
            pages.Add([.. page.Items().Select(i => i.Id())]);
            next = page["next"]?.GetValue<string>();
        } while (next is not null);

        return pages;
    }

    /// <summary>Lines below the head, and whether that is all there is.</summary>
    private static async Task<(int Lines, bool IsAll)> ExportedAsync(HttpClient client, string filter)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/messages?" + filter);
        request.Headers.Add("Accept", "text/csv");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1, !answer.Headers.Contains("Link"));
    }
}
