namespace Gateway.Tests.Cluster;

/// <summary>One database of a <see cref="TestCluster"/>; disposing drops it, whoever is still connected.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly TestCluster cluster;

    internal TestDatabase(TestCluster cluster, string name)
    {
        this.cluster = cluster;
        Name = name;
    }

    public string Name { get; }

    /// <summary>As the superuser who owns it: what <c>ConnectionStrings__ledger</c> holds.</summary>
    public string ConnectionString => cluster.SuperuserConnectionString(Name);

    public async ValueTask DisposeAsync() => await cluster.ExecuteAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
}
