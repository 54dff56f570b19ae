using System.Reflection;
using System.Text;
using Dapper;
using Gateway.Secrets;
using Npgsql;

namespace Gateway.Database;

/// <summary>
/// Makes the roles and brings the schema up to date: numbered SQL files, each in a transaction of its own, under an
/// advisory lock, so that many replicas may start it at once. Run with the connection string of an administrator.
/// </summary>
public sealed class Migrator(string ledger, MasterKey master, TimeProvider clock)
{
    // Any constant will do; it must only be the same in every release.
    private const long LockKey = 0x6761_7465_7761_7901;
    private static readonly SecretPlace CheckPlace = new(Guid.Empty, "installation", "one", "check");
    private static readonly byte[] CheckText = "email gateway"u8.ToArray();

    /// <summary>Applies what is missing and returns the names of the files that were applied.</summary>
    public async Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancel = default)
    {
        await MakeRolesAsync(cancel);
        var owner = LedgerRole.ConnectionString(ledger, LedgerRole.Owner, master);
        owner.Pooling = false;
        owner.MaxAutoPrepare = 0;
        await using var connection = new NpgsqlConnection(owner.ConnectionString);
        await connection.OpenAsync(cancel);
        await connection.ExecuteAsync("SELECT pg_advisory_lock(@LockKey)", new { LockKey });
        await connection.ExecuteAsync(
            "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        );
        var done = (await connection.QueryAsync<string>("SELECT name FROM migrations")).ToHashSet();
        var applied = new List<string>();
        foreach (var (name, sql) in Files().Where(f => !done.Contains(f.Name)))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await connection.ExecuteAsync(sql, transaction: transaction);
            await connection.ExecuteAsync("INSERT INTO migrations (name) VALUES (@name)", new { name }, transaction);
            await transaction.CommitAsync(cancel);
            applied.Add(name);
        }

        await Partitions.MakeAheadAsync(connection, clock.GetUtcNow(), cancel);
        await CheckMasterKeyAsync(connection, cancel);
        return applied;
    }

    private async Task MakeRolesAsync(CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ledger) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync(cancel);
        // Roles belong to the whole cluster: two databases may migrate at once.
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@LockKey)", new { LockKey }, transaction);
        var sql = new StringBuilder();
        foreach (var role in LedgerRole.All)
        {
            var exists = await connection.ExecuteScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = @role)",
                new { role },
                transaction
            );
            // The names are constants and the password is hex: nothing here needs quoting.
            sql.Append(exists ? "ALTER" : "CREATE")
                .AppendLine(
                    $" ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '{master.DerivePassword(role)}';"
                )
                // Their statements take milliseconds, compiling one takes 75; and a plan that reads a small table
                // whole looks dear enough for it, as the settings below have it.
                .AppendLine($"ALTER ROLE {role} SET jit = off;");
        }

        // A plan made while a day was empty lives on in the prepared statements: without these it would read the whole
        // day for every batch until the first ANALYZE. Every hot statement has its index.
        sql.AppendLine("ALTER ROLE gw_accept SET enable_seqscan = off;")
            .AppendLine("ALTER ROLE gw_worker SET enable_seqscan = off;")
            .AppendLine("ALTER ROLE gw_worker SET enable_hashjoin = off;")
            .AppendLine("ALTER ROLE gw_worker SET enable_mergejoin = off;");
        var database = connection.Database.Replace("\"", "\"\"", StringComparison.Ordinal);
        sql.AppendLine("GRANT gw_worker TO gw_owner;")
            .AppendLine($"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE \"{database}\" TO gw_owner;")
            .AppendLine("GRANT ALL ON SCHEMA public TO gw_owner WITH GRANT OPTION;");
        await connection.ExecuteAsync(sql.ToString(), transaction: transaction);
        await transaction.CommitAsync(cancel);
    }

    private async Task CheckMasterKeyAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await connection.ExecuteAsync(
            "INSERT INTO installation (sealed_check) VALUES (@Check) ON CONFLICT DO NOTHING",
            new { Check = master.Seal(CheckText, CheckPlace) }
        );
        await VerifyMasterKeyAsync(connection, master, cancel);
    }

    /// <exception cref="InvalidOperationException">This database was made with another master key.</exception>
    public static async Task VerifyMasterKeyAsync(
        NpgsqlConnection connection,
        MasterKey master,
        CancellationToken cancel
    )
    {
        var check = await connection.ExecuteScalarAsync<byte[]>(
            new CommandDefinition("SELECT sealed_check FROM installation", cancellationToken: cancel)
        );
        try
        {
            master.Open(check, CheckPlace);
        }
        catch (System.Security.Cryptography.CryptographicException problem)
        {
            throw new InvalidOperationException(
                "the master key is not the one this ledger was made with; refusing to start",
                problem
            );
        }
    }

    private static IEnumerable<(string Name, string Sql)> Files()
    {
        const string folder = "Gateway.Database.Migrations.";
        var assembly = Assembly.GetExecutingAssembly();
        foreach (
            var resource in assembly
                .GetManifestResourceNames()
                .Where(n => n.StartsWith(folder, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (resource[folder.Length..], reader.ReadToEnd());
        }
    }
}
