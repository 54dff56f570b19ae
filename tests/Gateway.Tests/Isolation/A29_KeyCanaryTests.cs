using System.Text;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Isolation;

/// <summary>A29: the text of a key is in the answer that made it, and nowhere else: no log, no trace, no table.</summary>
[Collection(TenancyCollection.Name)]
public sealed class A29_KeyCanaryTests(TenancyGateway gateway)
{
    [Fact]
    public async Task The_text_of_a_key_is_in_no_log_trace_or_table()
    {
        using var ops = gateway.Operator();
        var made = await ops.PostJsonAsync("/ops/v1/tenants", new { name = "Canary", reason = "A29" }).Expect(201);
        var first = made.Body["key"]!["key"]!.ToString();
        using var manager = gateway.Client(first);
        var second = (
            await manager.PostJsonAsync("/v1/keys", new { name = "x", scopes = new[] { "read" } }).Expect(201)
        )["key"]!;
        var rotated = await manager.PostJsonAsync($"/v1/keys/{made.Body["key"]!["id"]}/rotate", null).Expect(201);
        string[] secrets = [first, second, rotated["key"]!];
        foreach (var secret in secrets)
        {
            // Where people put keys by mistake: the address, the query, a body, a name, another header.
            await manager.GetJsonAsync($"/v1/keys/{secret}").Expect(404);
            await manager.GetJsonAsync($"/v1/messages?key={secret}").Expect(422);
            await manager.PostJsonAsync("/v1/keys", new { name = "x", scopes = new[] { secret } }).Expect(422);
            await manager.PostJsonAsync("/v1/messages", "{" + secret).Expect(400);
            await ops.PostJsonAsync($"/ops/v1/tenants/{secret}/suspend", new { reason = "mistake" }).Expect(404);
            using var forged = gateway.Client(secret[..^1] + (secret[^1] == 'a' ? 'b' : 'a'));
            await forged.GetJsonAsync("/v1/keys").Expect(401);
        }

        var tenant = made.Body["tenant"]!["id"]!.ToString();
        await manager.GetJsonAsync("/v1/settings").Expect(200);
        await Eventually.TrueAsync(
            () => Task.FromResult(gateway.Collector.Requests.Any(r => r.Path == "/v1/traces")),
            "traces are told"
        );
        foreach (var part in secrets.SelectMany(s => new[] { s, s[^48..], s[^48..^16] }).Append(gateway.Token))
        {
            Assert.DoesNotContain(part, gateway.Running.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(
                gateway.Collector.Requests,
                r => Encoding.UTF8.GetString(r.Body).Contains(part, StringComparison.OrdinalIgnoreCase)
            );
            Assert.Equal([], await TablesWithAsync(part));
        }

        // The search finds what is there.
        Assert.Contains("tenants", await TablesWithAsync(tenant));
    }

    private async Task<List<string>> TablesWithAsync(string text)
    {
        var tables = await gateway.Ledger.QueryAsync<string>(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"
        );
        var found = new List<string>();
        foreach (var table in tables)
        {
            if (
                await gateway.Ledger.ScalarAsync<bool>(
                    $"SELECT EXISTS (SELECT FROM {table} t WHERE strpos(t::text, @text) > 0)",
                    new { text }
                )
            )
            {
                found.Add(table);
            }
        }

        return found;
    }
}
