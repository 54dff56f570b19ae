using Gateway.Database;
using Gateway.Secrets;
using Gateway.Tenants;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker;

/// <summary>
/// <c>Gateway.Worker migrate</c>: makes roles and schema, and, where there is none, the key ring; in development also
/// the master key and the demo tenant. Ends by itself.
/// </summary>
internal static class MigrateRun
{
    public static async Task RunAsync(IConfiguration configuration, IHostEnvironment environment, ILogger log)
    {
        var options = configuration.GetSection("Gateway").Get<SecretOptions>() ?? new SecretOptions();
        if (
            environment.IsDevelopment()
            && options is { MasterKey: null, MasterKeyFile: { } file }
            && !File.Exists(file)
        )
        {
            PrivateFile.Write(file, MasterKey.Generate().ToBase64());
        }

        var master = options.LoadMasterKey();
        if (options.KeyRingFile is { } ringFile && !File.Exists(ringFile))
        {
            KeyRing.Generate().Save(ringFile, master);
        }

        var ring = options.LoadKeyRing(master);
        var ledger =
            configuration.GetConnectionString("ledger")
            ?? throw new InvalidOperationException("no database: set ConnectionStrings:ledger");
        var applied = await new Migrator(ledger, master, TimeProvider.System).MigrateAsync();
        WorkerLog.Migrated(log, applied.Count == 0 ? "none, the schema is current" : string.Join(", ", applied));

        if (environment.IsDevelopment() && configuration["Gateway:DemoFile"] is { Length: > 0 } demo)
        {
            var text = LedgerRole.ConnectionString(ledger, LedgerRole.Owner, master);
            text.Pooling = false;
            await using var owner = new NpgsqlConnection(text.ConnectionString);
            await owner.OpenAsync();
            await DemoTenant.SeedAsync(owner, master, ring, demo, TimeProvider.System, CancellationToken.None);
        }
    }
}
