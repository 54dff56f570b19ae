using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Isolation;

/// <summary>
/// One thing of every kind that a tenant may own, by the address that names it. An endpoint with a kind that is not here
/// makes the test fail: whoever adds one says here how a tenant comes to own it.
/// </summary>
internal sealed class OwnedIds
{
    private readonly Dictionary<string, string> byAddress = new(StringComparer.Ordinal);

    /// <summary>Texts and ids that only this tenant may ever see.</summary>
    public List<string> Marks { get; } = [];

    /// <summary>Values for filters and cursors of lists, by the name of the parameter.</summary>
    public Dictionary<string, string> Filters { get; } = new(StringComparer.Ordinal);

    /// <summary>The path with this tenant's own id in it, or why it cannot be filled.</summary>
    public string Fill(string path)
    {
        var open = path.IndexOf('{', StringComparison.Ordinal);
        var close = path.IndexOf('}', StringComparison.Ordinal);
        var address = path[..(close + 1)];
        Assert.True(
            byAddress.ContainsKey(address),
            $"{path}: nobody said how a tenant comes to own what '{address}' names. Make one in OwnedIds.OfAsync and add "
                + $"its id as byAddress[\"{address}\"]."
        );
        Assert.DoesNotContain('{', path[(close + 1)..]);
        return path[..open] + byAddress[address] + path[(close + 1)..];
    }

    /// <summary>The same path with an id of the same form that nobody owns.</summary>
    public string FillWithNobodys(string path)
    {
        var address = path[..(path.IndexOf('}', StringComparison.Ordinal) + 1)];
        var id = Guid.TryParse(byAddress[address], out _)
            ? Guid.CreateVersion7().ToString()
            : Gateway.Tenants.ApiKey.Create("live", TestKeys.Ring).Id;
        return path.Replace(
            path[path.IndexOf('{', StringComparison.Ordinal)..address.Length],
            id,
            StringComparison.Ordinal
        );
    }

    public static async Task<OwnedIds> OfAsync(TenancyGateway gateway, TestTenant tenant)
    {
        using var client = gateway.Client(tenant);
        var owned = new OwnedIds();
        var mark = $"mark{Guid.NewGuid():N}";
        // One that was sent and lies in the sandbox, and one that waits and could be cancelled.
        var sent = await SendAsync(client, tenant, mark, null);
        var waiting = await SendAsync(client, tenant, mark, DateTimeOffset.UtcNow.AddHours(2));
        var (message, delivery) = (Id(sent), Id(sent.GetProperty("deliveries")[0]));
        await Eventually.TrueAsync(
            () =>
                gateway.Ledger.ScalarAsync<bool>(
                    "SELECT EXISTS (SELECT FROM sandbox_messages WHERE tenant_id = @Id) AND EXISTS "
                        + "(SELECT FROM deliveries WHERE delivery_id = @delivery::uuid AND state = 'sent')",
                    new { tenant.Id, delivery }
                ),
            "the mail is in the sandbox"
        );
        var domain = await gateway.Ledger.ScalarAsync<Guid>(
            "SELECT domain_id FROM sending_domains WHERE tenant_id = @Id",
            new { tenant.Id }
        );
        owned.byAddress["/v1/messages/{id}"] = Id(waiting);
        owned.byAddress["/v1/sandbox/messages/{id}"] = delivery;
        owned.byAddress["/v1/keys/{id}"] = tenant.Key.Id;
        var hook = await client.PostJsonAsync("/v1/subscriptions", new { url = "https://93.184.216.34/" + mark });
        owned.byAddress["/v1/subscriptions/{id}"] = hook["id"]!;
        owned.byAddress["/v1/resends/{id}"] = (
            await client.PostJsonAsync("/v1/resends", new { state = "bounced" }).Expect(202)
        )["id"]!;
        owned.byAddress["/v1/domains/{id}"] = domain.ToString();
        owned.byAddress["/v1/domains/{domain}"] = tenant.Domain;
        var suppressed = await client.PostJsonAsync(
            "/v1/suppressions",
            new { address = $"{mark}@elsewhere.example", stream = "broadcast" }
        );
        owned.byAddress["/v1/suppressions/{id}"] = suppressed.Items[0]["id"]!.ToString();
        var events = await client.GetJsonAsync("/v1/events");
        owned.Filters["submission"] = message;
        owned.Filters["message"] = message;
        owned.Filters["message_id"] = message;
        owned.Filters["address"] = $"{mark}@elsewhere.example";
        owned.Filters["recipient"] = $"{mark}@example.net";
        owned.Filters["tag"] = mark;
        owned.Filters["cursor"] = events["next"]!;
        owned.Filters["key"] = tenant.Key.Id;
        owned.Marks.AddRange([
            mark,
            message,
            delivery,
            Id(waiting),
            tenant.Key.Id,
            domain.ToString(),
            tenant.Domain,
            hook["id"]!,
        ]);
        return owned;
    }

    private static string Id(JsonElement of) => of.GetProperty("id").GetString()!;

    private static async Task<JsonElement> SendAsync(
        HttpClient client,
        TestTenant tenant,
        string mark,
        DateTimeOffset? at
    )
    {
        using var answer = await client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to = new[] { $"{mark}@example.net" },
                subject = mark,
                text = mark,
                tags = new[] { mark },
                send_at = at?.ToString("O"),
            }
        );
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 202, body);
        return JsonDocument.Parse(body).RootElement.Clone();
    }
}
