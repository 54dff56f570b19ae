using System.Runtime.CompilerServices;
using Gateway.Database;
using Gateway.Secrets;

namespace Gateway.Tests.Cluster;

/// <summary>
/// The secrets of a test run. Roles belong to a whole PostgreSQL cluster and their passwords come from the master key,
/// so all databases of a run share one.
/// </summary>
internal static class TestKeys
{
    public static readonly MasterKey Master = MasterKey.Generate();
    public static readonly KeyRing Ring = KeyRing.Generate();

    [ModuleInitializer]
    internal static void UseMigrations() =>
        TestCluster.PrepareTemplate = ledger => new Migrator(ledger, Master, TimeProvider.System).MigrateAsync();
}
