using Gateway.Secrets;
using Npgsql;

namespace Gateway.Database;

/// <summary>The database roles; each host logs in as its own and never becomes another (D1).</summary>
public static class LedgerRole
{
    public const string Owner = "gw_owner";
    public const string Door = "gw_door";
    public const string Accept = "gw_accept";
    public const string Worker = "gw_worker";

    /// <summary>The operator's door: every tenant, and only what its grants name.</summary>
    public const string Operator = "gw_operator";

    public static readonly string[] All = [Owner, Door, Accept, Worker, Operator];

    /// <summary>
    /// The installation's connection string with another login. Host, port and database stay; the password is derived
    /// from the master key, so no host needs to be told one.
    /// </summary>
    public static NpgsqlConnectionStringBuilder ConnectionString(string ledger, string role, MasterKey master) =>
        new(ledger)
        {
            Username = role,
            Password = master.DerivePassword(role),
            ApplicationName = role,
            // Statements of the hot paths are few and always the same.
            MaxAutoPrepare = 64,
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
            // Seconds. A door must say "come again" while its caller still listens.
            Timeout = 3,
            CommandTimeout = role == Accept ? 4 : 30,
            // Many replicas share one server: a role takes what its work can use at once, not all there is.
            MaxPoolSize = role == Accept ? 8 : 32,
        };
}
