using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Cluster;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Isolation;

/// <summary>
/// A23: every endpoint that the OpenAPI document of a running gateway lists, called with another tenant's ids: 404, word
/// for word as for an id that never was, and nothing changes. Read from the document, so that no endpoint is forgotten.
/// </summary>
[Collection(TenancyCollection.Name)]
public sealed class A23_EveryEndpointTests(TenancyGateway gateway)
{
    /// <summary>Bodies of operations that do not take an empty object, by "METHOD path".</summary>
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal);

    [Fact]
    public async Task Anothers_ids_are_not_found_and_nothing_changes()
    {
        var (victim, stranger) = (await gateway.Ledger.CreateTenantAsync(), await gateway.Ledger.CreateTenantAsync());
        var owned = await OwnedIds.OfAsync(gateway, victim);
        var before = await PictureAsync(victim);
        using var client = gateway.Client(stranger);
        var operations = (await OperationsAsync())
            .Where(o => o.Path.StartsWith("/v1/", StringComparison.Ordinal))
            .ToList();
        var named = operations.Where(o => o.Path.Contains('{', StringComparison.Ordinal)).ToList();
        Assert.True(named.Count >= 9, $"only {named.Count} operations name an id: is this the document?");
        var wrong = new List<string>();
        foreach (var operation in named)
        {
            var (status, body) = await AskAsync(client, operation, owned.Fill(operation.Path));
            var nobodys = await AskAsync(client, operation, owned.FillWithNobodys(operation.Path));
            if (status != 404 || (status, body) != nobodys)
            {
                wrong.Add($"{operation}: {status} {body}; for nobody's id {nobodys}");
            }
        }

        foreach (var list in operations.Except(named).Where(o => o.Method == HttpMethod.Get))
        {
            foreach (var (name, value) in owned.Filters.Prepend(new("", "")))
            {
                var path = name.Length == 0 ? list.Path : $"{list.Path}?{name}={Uri.EscapeDataString(value)}";
                var (status, body) = await AskAsync(client, list, path);
                // What was asked for may be repeated; of the rest nothing may be known.
                var seen = owned
                    .Marks.Where(m =>
                        !value.Contains(m, StringComparison.Ordinal)
                        && body.Contains(m, StringComparison.OrdinalIgnoreCase)
                    )
                    .ToList();
                if (status is not (200 or 422) || seen.Count > 0)
                {
                    wrong.Add($"GET {path}: {status}, shows {string.Join(", ", seen)}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(before, await PictureAsync(victim));
    }

    [Fact]
    public async Task Nothing_is_answered_without_a_key_nor_the_operators_door_with_one()
    {
        var victim = await gateway.Ledger.CreateTenantAsync();
        var before = await PictureAsync(victim);
        using var nobody = gateway.Client("");
        nobody.DefaultRequestHeaders.Authorization = null;
        using var tenant = gateway.Client(victim);
        var wrong = new List<string>();
        foreach (var operation in await OperationsAsync())
        {
            var path = operation.Path.Replace("{id}", victim.Id.ToString(), StringComparison.Ordinal);
            path = path.Replace("{key}", victim.Key.Id, StringComparison.Ordinal);
            var isOperators = operation.Path.StartsWith("/ops/", StringComparison.Ordinal);
            var (status, body) = await AskAsync(isOperators ? tenant : nobody, operation, path);
            if (status is not (401 or 429) || body.Contains(victim.Domain, StringComparison.Ordinal))
            {
                wrong.Add($"{operation}: {status} {body}");
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(before, await PictureAsync(victim));
    }

    private async Task<IReadOnlyList<Operation>> OperationsAsync()
    {
        using var client = gateway.Client("");
        using var document = JsonDocument.Parse(await client.GetStringAsync("/openapi/v1.json"));
        return
        [
            .. from path in document.RootElement.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            let body = operation.Value.TryGetProperty("requestBody", out var b)
                ? b.GetProperty("content").EnumerateObject().First().Name
                : null
            select new Operation(new HttpMethod(operation.Name.ToUpperInvariant()), path.Name, body),
        ];
    }

    private static async Task<(int Status, string Body)> AskAsync(HttpClient client, Operation operation, string path)
    {
        using var request = new HttpRequestMessage(operation.Method, path);
        if (operation.BodyType is { } type)
        {
            var body = Bodies.GetValueOrDefault($"{operation.Method} {operation.Path}", "{}");
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        using var answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>All rows of the tenant in all tables, as the catalog lists them.</summary>
    private async Task<string> PictureAsync(TestTenant tenant)
    {
        // What is counted behind the requests goes on by itself, and a key's last use is not this test's to change.
        var tables = await gateway.Ledger.QueryAsync<string>(
            """
            SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
                AND c.relname NOT IN ('lane_outcomes', 'usage_hours', 'tenant_networks', 'api_keys') ORDER BY 1
            """
        );
        var picture = new StringBuilder();
        foreach (var table in tables.Append("api_keys"))
        {
            var row = table == "api_keys" ? "(to_jsonb(t) - 'last_used_at' - 'first_used_at')::text" : "t::text";
            picture.AppendLine(
                await gateway.Ledger.ScalarAsync<string>(
                    $"SELECT '{table} ' || count(*) || ' ' || coalesce(md5(string_agg({row}, ',' ORDER BY {row})), '') FROM {table} t WHERE tenant_id = @Id",
                    new { tenant.Id }
                )
            );
        }

        return picture.ToString();
    }

    private sealed record Operation(HttpMethod Method, string Path, string? BodyType)
    {
        public override string ToString() => $"{Method} {Path}";
    }
}
