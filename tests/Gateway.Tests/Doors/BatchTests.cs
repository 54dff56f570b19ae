using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Doors;

/// <summary>A batch is many requests in one: each is answered for itself.</summary>
[Collection(DoorCollection.Name)]
public sealed class BatchTests(DoorGateway gateway)
{
    [Fact]
    public async Task A_bad_item_is_refused_alone()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var good = DoorCases.GoodMessage(tenant.Domain).ToJsonString();
        string[] items =
        [
            good,
            "{\"from\":5}",
            good,
            "null",
            "7",
            good.Replace("hello\"", "a\\u0000\"", StringComparison.Ordinal),
            good,
        ];

        var answer = await SendAsync(tenant, items);

        Assert.Equal(200, answer.Status);
        int[] statuses = [.. Enumerable.Range(0, items.Length).Select(i => answer.Item(i).Status)];
        Assert.Equal([202, 422, 202, 400, 422, 422, 202], statuses);
        Assert.Equal("from", answer.Item(1).Field);
        Assert.Equal(3, await CountAsync(tenant, "messages"));
        var submission = answer.Body.GetProperty("submission_id").GetGuid();
        Assert.Equal(
            [submission],
            await gateway.Ledger.QueryAsync<Guid>(
                "SELECT DISTINCT submission_id FROM messages WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );
    }

    [Fact]
    public async Task Five_hundred_items_are_taken_and_one_more_is_not()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var good = DoorCases.GoodMessage(tenant.Domain).ToJsonString();
        var tooMany = await SendAsync(tenant, [.. Enumerable.Repeat(good, 501)]);
        Assert.Equal((422, "out_of_range", "messages"), (tooMany.Status, tooMany.Code, tooMany.Field));
        Assert.Equal(0, await CountAsync(tenant, "messages"));

        var all = await SendAsync(tenant, [.. Enumerable.Repeat(good, 500)]);
        var ids = Enumerable.Range(0, 500).Select(i => all.Item(i).Id).ToHashSet();
        Assert.Equal(500, ids.Count);
        Assert.Equal(500, await CountAsync(tenant, "messages"));
        // Equal items of one batch keep their bytes once.
        Assert.InRange(await CountAsync(tenant, "bodies"), 1, 10);
    }

    [Fact]
    public async Task Each_item_has_its_own_idempotency_key()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var message = DoorCases.GoodMessage(tenant.Domain);
        var (good, bad) = (message.ToJsonString(), "{\"from\":5}");

        var first = await SendAsync(tenant, [good, bad, good], "night-run");
        var again = await SendAsync(tenant, [good, bad, good], "night-run");
        message["subject"] = "mended";
        var mended = await SendAsync(tenant, [good, message.ToJsonString(), good], "night-run");

        Assert.Equal([202, 422, 202], [.. Enumerable.Range(0, 3).Select(i => first.Item(i).Status)]);
        Assert.Equal(first.Item(0).Id, again.Item(0).Id);
        Assert.Equal(first.Item(2).Id, again.Item(2).Id);
        // The refused item left no key behind, so the mended one goes out; the others stay what they were.
        Assert.Equal([202, 202, 202], [.. Enumerable.Range(0, 3).Select(i => mended.Item(i).Status)]);
        Assert.Equal(first.Item(0).Id, mended.Item(0).Id);
        Assert.Equal(3, await CountAsync(tenant, "messages"));
        Assert.Equal(
            ["night-run/0", "night-run/1", "night-run/2"],
            await gateway.Ledger.QueryAsync<string>(
                "SELECT key FROM idempotency WHERE tenant_id = @Id ORDER BY key",
                new { tenant.Id }
            )
        );
    }

    private async Task<DoorAnswer> SendAsync(Cluster.TestTenant tenant, string[] items, string? key = null)
    {
        var body = Encoding.UTF8.GetBytes($"{{\"messages\":[{string.Join(',', items)}]}}");
        using var request = DoorRequests.Request(Door.Json, body, "/batch");
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await gateway.AnswerAsync(request, tenant);
    }

    private Task<int> CountAsync(Cluster.TestTenant tenant, string table) =>
        gateway.Ledger.ScalarAsync<int>($"SELECT count(*)::int FROM {table} WHERE tenant_id = @Id", new { tenant.Id });
}
