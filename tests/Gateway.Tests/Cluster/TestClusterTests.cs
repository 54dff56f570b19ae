using Npgsql;

namespace Gateway.Tests.Cluster;

public sealed class TestClusterTests(TestCluster cluster)
{
    [Fact]
    public async Task A_database_is_a_tests_own_and_gone_afterwards()
    {
        string first;
        await using (var one = await cluster.CreateDatabaseAsync())
        await using (var two = await cluster.CreateDatabaseAsync())
        {
            first = one.Name;
            await RunAsync(one, "CREATE TABLE mine (n int)");
            Assert.Equal("0", await ReadAsync(two, "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'"));
        }

        await using var third = await cluster.CreateDatabaseAsync();
        Assert.Equal("0", await ReadAsync(third, $"SELECT count(*) FROM pg_database WHERE datname = '{first}'"));
    }

    [Fact]
    public async Task Databases_can_be_made_at_the_same_time()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => cluster.CreateDatabaseAsync()));
        Assert.Equal(6, databases.Select(d => d.Name).Distinct().Count());
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_private_cluster_can_be_durable_and_is_another_server()
    {
        await using var own = await TestCluster.StartPrivateAsync(durable: true);
        await using var mine = await own.CreateDatabaseAsync();
        await using var shared = await cluster.CreateDatabaseAsync();
        Assert.Equal("on", await ReadAsync(mine, "SHOW fsync"));
        Assert.Equal("off", await ReadAsync(shared, "SHOW fsync"));
    }

    private static async Task RunAsync(TestDatabase database, string sql) => await ReadAsync(database, sql);

    private static async Task<string?> ReadAsync(TestDatabase database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
