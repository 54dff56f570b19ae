using Dapper;
using Gateway.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Gateway.Database;

/// <summary>The roles that a host logs in as.</summary>
public sealed record LedgerRoles(IReadOnlyList<string> Names);

/// <summary>
/// Registers the data sources of a host: one for each role it works as, keyed by the role's name; the gate that holds the
/// host back until they were seen working; and the ledger's time as the host's clock.
/// </summary>
public static class LedgerSources
{
    public static IServiceCollection AddLedger(
        this IServiceCollection services,
        IConfiguration configuration,
        params string[] roles
    )
    {
        var ledger =
            configuration.GetConnectionString("ledger")
            ?? throw new InvalidOperationException("no database: set ConnectionStrings:ledger");
        services.AddSingleton(new LedgerRoles(roles));
        services.AddHostedService<LedgerGate>();
        services.AddSingleton(_ => new LedgerClock(TimeProvider.System));
        services.AddSingleton<TimeProvider>(p => p.GetRequiredService<LedgerClock>());
        services.AddHostedService<LedgerClockWatch>();
        foreach (var role in roles)
        {
            services.AddKeyedSingleton(
                role,
                (provider, _) => Create(ledger, role, provider.GetRequiredService<MasterKey>())
            );
        }

        return services;
    }

    public static NpgsqlDataSource Create(string ledger, string role, MasterKey master)
    {
        var builder = new NpgsqlDataSourceBuilder(LedgerRole.ConnectionString(ledger, role, master).ConnectionString)
        {
            Name = role,
        };
        return builder.Build();
    }

    /// <summary>How to look whether the ledger answers this role; for the host's health.</summary>
    public static Func<IServiceProvider, CancellationToken, Task> LookAsync(string role) =>
        async (services, cancel) =>
        {
            await using var command = services
                .GetRequiredKeyedService<NpgsqlDataSource>(role)
                .CreateCommand("SELECT 1");
            await command.ExecuteNonQueryAsync(cancel);
        };

    /// <summary>
    /// Row security does not bind a superuser, a role with BYPASSRLS, or (where a FORCE is forgotten) a table's owner:
    /// a host that logs in as one would serve every tenant to every other.
    /// </summary>
    /// <exception cref="InvalidOperationException">The role is one of these, or the master key is another's.</exception>
    public static async Task RefuseUnsafeRoleAsync(NpgsqlDataSource source, MasterKey master, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        var (role, isSuper, bypasses, tables) = await connection.QuerySingleAsync<(string, bool, bool, long)>(
            """
            SELECT rolname::text, rolsuper, rolbypassrls,
                (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
            FROM pg_roles r WHERE rolname = current_user
            """
        );
        if (isSuper || bypasses || tables > 0)
        {
            throw new InvalidOperationException(
                $"refusing to start: database role {role} escapes row-level security (superuser {isSuper}, bypassrls {bypasses}, owns {tables} tables)"
            );
        }

        await Migrator.VerifyMasterKeyAsync(connection, master, cancel);
    }
}
