using System.Net;
using System.Text;
using Gateway.Tests.Cluster;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Suppressions;

public sealed class SuppressionEndpointTests(TestCluster cluster)
{
    private const string Path = "/v1/suppressions";

    [Fact]
    public async Task An_address_is_added_for_both_streams_shown_found_and_deleted_with_an_audit()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var (tenant, stranger) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        using var client = host.Client(tenant);
        var added = await client
            .PostJsonAsync(Path, new { address = "Ann@Bücher.example", detail = "asked by phone" })
            .Expect(201);
        Assert.Equal(["broadcast", "transactional"], added.Items.Select(i => i["stream"]!.ToString()));
        Assert.All(added.Items, i => Assert.Equal("ann@xn--bcher-kva.example", i["address"]!.ToString()));
        Assert.All(
            added.Items,
            i =>
                Assert.Equal(
                    ("manual", "tenant", "asked by phone", null),
                    ($"{i["reason"]}", $"{i["source"]}", $"{i["detail"]}", i["expires_at"])
                )
        );
        // The same once more changes nothing.
        await client.PostJsonAsync(Path, new { address = "ann@bücher.example", detail = "asked by phone" }).Expect(200);

        var found = await client.GetJsonAsync($"{Path}?address=ANN@xn--bcher-kva.example&stream=broadcast").Expect(200);
        var id = Assert.Single(found.Items)["id"]!.ToString();
        await client.GetJsonAsync($"{Path}/{id}").Expect(200);
        using var foreign = host.Client(stranger);
        await foreign.GetJsonAsync($"{Path}/{id}").Expect(404, "not_found");
        await foreign.AskAsync(HttpMethod.Delete, $"{Path}/{id}", null).Expect(404, "not_found");
        Assert.Empty((await foreign.GetJsonAsync(Path)).Items);

        await client.AskAsync(HttpMethod.Delete, $"{Path}/{id}", null).Expect(204);
        await client.AskAsync(HttpMethod.Delete, $"{Path}/{id}", null).Expect(404, "not_found");
        Assert.Single((await client.GetJsonAsync(Path)).Items);
        Assert.Equal(
            ["suppression.add", "suppression.delete"],
            await host.Ledger.QueryAsync<string>(
                "SELECT action FROM audit WHERE tenant_id = @Id AND target = 'ann@xn--bcher-kva.example' ORDER BY audit_id",
                new { tenant.Id }
            )
        );
    }

    [Fact]
    public async Task A_weaker_word_of_the_tenant_leaves_a_complaint_as_it_is()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.TellAsync(tenant, "ann@example.net", "complained", """{"source":"arf"}""", stream: "broadcast");
        await host.FollowAsync();
        using var client = host.Client(tenant);
        var added = await client.PostJsonAsync(Path, new { address = "ann@example.net" }).Expect(201);
        Assert.Equal(["complaint", "manual"], added.Items.Select(i => $"{i["reason"]}"));
        Assert.NotNull(added.Items[0]["delivery_id"]);
        Assert.NotNull(added.Items[0]["event_id"]);
    }

    [Fact]
    public async Task Pages_follow_each_other_newest_first_and_filters_hold()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        foreach (var n in Enumerable.Range(0, 5))
        {
            await client
                .PostJsonAsync(
                    Path,
                    new
                    {
                        address = $"a{n}@example.net",
                        stream = "broadcast",
                        reason = n < 2 ? "unsubscribe" : "manual",
                    }
                )
                .Expect(201);
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client
                .GetJsonAsync($"{Path}?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}")
                .Expect(200);
            seen.AddRange(page.Items.Select(i => $"{i["address"]}"));
            cursor = page["next"];
        } while (cursor is not null);

        Assert.Equal(Enumerable.Range(0, 5).Reverse().Select(n => $"a{n}@example.net"), seen);
        Assert.Equal(2, (await client.GetJsonAsync($"{Path}?reason=unsubscribe")).Items.Count);
        Assert.Empty((await client.GetJsonAsync($"{Path}?stream=transactional")).Items);
        Assert.Empty(
            (await client.GetJsonAsync($"{Path}?since={DateTime.UtcNow.AddMinutes(5):yyyy-MM-ddTHH:mm:ssZ}")).Items
        );
        Assert.Equal(5, (await client.GetJsonAsync($"{Path}?since=2020-01-01")).Items.Count);
    }

    [Theory]
    [InlineData("?reason=spam", "reason", "not_accepted")]
    [InlineData("?stream=both", "stream", "not_accepted")]
    [InlineData("?address=nobody", "address", "not_accepted")]
    [InlineData("?since=yesterday", "since", "not_accepted")]
    [InlineData("?cursor=abc", "cursor", "not_accepted")]
    [InlineData("?adress=a@b.example", "adress", "unknown_parameter")]
    public async Task A_filter_that_is_not_understood_is_told(string query, string field, string code)
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        Assert.Equal(field, (await client.GetJsonAsync(Path + query).Expect(422, code))["field"]);
    }

    [Fact]
    public async Task A_key_that_may_only_read_lists_and_exports_and_changes_nothing()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Ledger.ExecuteAsync(
            "UPDATE api_keys SET scopes = '{read}' WHERE tenant_id = @Id",
            new { tenant.Id }
        );
        using var client = host.Client(tenant);
        await client.GetJsonAsync(Path).Expect(200);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"{Path}/export")).StatusCode);
        await client.PostJsonAsync(Path, new { address = "a@example.net" }).Expect(403);
        await client.PostJsonAsync($"{Path}/import", new { suppressions = Array.Empty<object>() }).Expect(403);
        await client.AskAsync(HttpMethod.Delete, $"{Path}/{Guid.NewGuid()}", null).Expect(403);
    }

    [Fact]
    public async Task What_is_exported_can_be_imported_as_it_is_formulas_and_all()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var (from, to) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        using var source = host.Client(from);
        await source
            .PostJsonAsync(
                Path,
                new
                {
                    address = "+cmd|calc@example.net",
                    reason = "complaint",
                    detail = "=1+1, \"said\"\u00fc",
                }
            )
            .Expect(201);
        await source
            .PostJsonAsync(
                Path,
                new
                {
                    address = "b@example.net",
                    stream = "broadcast",
                    reason = "hard_bounce",
                    expires_at = DateTimeOffset.UtcNow.AddDays(3).ToString("O"),
                }
            )
            .Expect(201);
        var csv = await source.GetStringAsync($"{Path}/export");
        Assert.Contains("\"'+cmd|calc@example.net\"", csv, StringComparison.Ordinal);

        using var target = host.Client(to);
        var imported = await ImportAsync(target, csv, "text/csv").Expect(200);
        Assert.Equal(
            ("3", "3", "0", "0"),
            (imported["lines"], imported["added"], imported["changed"], imported["unchanged"])
        );
        imported = await ImportAsync(target, csv, "text/csv").Expect(200);
        Assert.Equal(("0", "3"), (imported["added"], imported["unchanged"]));
        static string Body(string text) =>
            string.Join(
                '\n',
                text.Split("\r\n").Select(l => l[..Math.Max(0, l.LastIndexOf(",\"", StringComparison.Ordinal))]).Order()
            );
        Assert.Equal(Body(csv), Body(await target.GetStringAsync($"{Path}/export")));
    }

    [Fact]
    public async Task An_import_with_a_wrong_line_takes_none_and_names_the_line()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        var csv =
            "Address,Reason\r\na@example.net,complaint\r\n\"nobody\nat all\",manual\r\nb@example.net,spam\r\nc@example.net\r\n";
        var refused = await ImportAsync(client, csv, "text/csv").Expect(422);
        Assert.Equal(
            ["line 3: address", "line 5: reason", "line 6"],
            refused.Body["errors"]!.AsArray().Select(e => $"{e!["field"]}")
        );
        refused = await ImportAsync(
                client,
                """{"suppressions":[{"address":"a@example.net"},{"address":"b"}]}""",
                "application/json"
            )
            .Expect(422);
        Assert.Equal("suppressions[1].address", refused["field"]);
        Assert.Empty((await client.GetJsonAsync(Path)).Items);
    }

    [Theory]
    [InlineData("", "lines")]
    [InlineData("address\r\n", "lines")]
    [InlineData("email\r\na@example.net\r\n", "line 1")]
    [InlineData("address,address\r\na@example.net,b@example.net\r\n", "line 1")]
    [InlineData("address\r\n\"a@example.net\r\n", "line 2")]
    [InlineData("address\r\n\"a@example.net\"x\r\n", "line 2")]
    public async Task A_file_that_is_no_list_is_told_where(string csv, string field)
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        Assert.Equal(field, (await ImportAsync(client, csv, "text/csv").Expect(422))["field"]);
    }

    [Fact]
    public async Task Ten_thousand_go_in_one_call_and_one_more_does_not()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        var csv = new StringBuilder("address\n");
        foreach (var n in Enumerable.Range(0, 10_000))
        {
            csv.Append("user").Append(n).Append("@example.net\n");
        }

        var imported = await ImportAsync(client, csv.ToString(), "text/csv").Expect(200);
        Assert.Equal(("10000", "20000"), (imported["lines"], imported["added"]));
        Assert.Equal(20_001, (await client.GetStringAsync($"{Path}/export")).Split("\r\n").Length - 1);
        var more = await ImportAsync(client, csv.Append("one@example.net\n").ToString(), "text/csv").Expect(422);
        Assert.Equal("lines", more["field"]);
        await ImportAsync(client, new string('a', (4 << 20) + 1), "text/csv").Expect(413, "too_large");
        await ImportAsync(client, "a", "text/plain").Expect(415, "media_type");
    }

    private static async Task<Heard> ImportAsync(HttpClient client, string body, string type)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var answer = await client.PostAsync($"{Path}/import", content);
        var text = await answer.Content.ReadAsStringAsync();
        return new Heard((int)answer.StatusCode, System.Text.Json.Nodes.JsonNode.Parse(text)!);
    }
}
