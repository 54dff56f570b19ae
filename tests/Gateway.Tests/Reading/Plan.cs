using Gateway.Tests.Cluster;
using Npgsql;

namespace Gateway.Tests.Reading;

/// <summary>How the database runs a statement of ours, as the role and for the tenant that it is meant for.</summary>
internal static class Plan
{
    public static async Task<string> ReadAsync(NpgsqlDataSource door, TestTenant tenant, NpgsqlBatchCommand query)
    {
        await using var connection = await door.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new($"SELECT set_config('gw.tenants', '{{{tenant.Id}}}', true)"));
        query.CommandText = "EXPLAIN (COSTS off, TIMING off, SUMMARY off, ANALYZE) " + query.CommandText;
        batch.BatchCommands.Add(query);
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        var plan = new List<string>();
        while (await reader.ReadAsync())
        {
            plan.Add(reader.GetString(0));
        }

        return string.Join('\n', plan);
    }
}
