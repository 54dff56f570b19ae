using System.Text.Json;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Secrets;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Manage;

/// <summary>
/// A tenant's keys in the ledger. Every change of them locks the tenant's row first, so that two at once cannot pass a
/// bound together, and stands in the audit with who made it.
/// </summary>
internal sealed class KeyStore(TenantLedger ledger, KeyRing ring, TimeProvider clock)
{
    private const string LockTenant = "SELECT 1 FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE";

    private const string CountLive = """
        SELECT count(*)::int FROM api_keys
        WHERE tenant_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        """;

    internal const string Insert = """
        INSERT INTO api_keys (key_id, tenant_id, mode, name, scopes, domains, secret_sha256, created_at, expires_at, replaces)
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10)
        """;

    private const string Expire = "UPDATE api_keys SET expires_at = $3 WHERE tenant_id = $1 AND key_id = $2";
    private const string Revoke = "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND key_id = $2";

    private const string Note = """
        INSERT INTO audit (audit_id, tenant_id, actor, action, target, data) VALUES ($2, $1, $3, $4, $5, $6::jsonb)
        """;

    public Task<KeyPage> ListAsync(Guid tenant, string? after, int limit, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(KeyRow.List, tenant).With(NpgsqlDbType.Text, after).With(limit + 1)],
            reader => KeyRow.ReadPageAsync(reader, limit, clock.GetUtcNow(), cancel),
            cancel
        );

    public Task<KeyView?> GetAsync(Guid tenant, string id, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(KeyRow.Get, tenant).With(id)],
            async reader => await reader.ReadAsync(cancel) ? KeyRow.Read(reader, clock.GetUtcNow()) : null,
            cancel
        );

    /// <summary>The new key, with its text; the problem where the tenant has as many as it may.</summary>
    public async Task<(KeyView? Key, ApiProblem? Problem)> CreateAsync(
        Caller caller,
        KeyRequest wanted,
        CancellationToken cancel
    )
    {
        var tenant = caller.Tenant.Id;
        var key = ApiKey.Create(wanted.Mode, ring);
        var live = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(LockTenant, tenant), Statement.Of(CountLive, tenant)],
            ReadCountAsync,
            count =>
                count.Value >= KeyRules.LiveKeys
                    ? []
                    :
                    [
                        InsertCommand(tenant, key, wanted, replaces: null, clock.GetUtcNow()),
                        Audit(caller, "key.create", key.Id, wanted),
                    ],
            cancel
        );
        return live!.Value >= KeyRules.LiveKeys ? (null, TooMany()) : (View(key, wanted, null), null);

        async Task<Count?> ReadCountAsync(NpgsqlDataReader reader)
        {
            await reader.NextResultAsync(cancel);
            await reader.ReadAsync(cancel);
            return new Count(reader.GetInt32(0));
        }
    }

    /// <summary>A key that takes the place of an older one, which works on until its overlap ends. Null: no such key.</summary>
    public async Task<(KeyView? Key, ApiProblem? Problem)?> RotateAsync(
        Caller caller,
        string id,
        DateTimeOffset? overlapEnd,
        CancellationToken cancel
    )
    {
        var (tenant, now) = (caller.Tenant.Id, clock.GetUtcNow());
        ApiKey? key = null;
        KeyRequest? wanted = null;
        ApiProblem? problem = null;
        var found = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(LockTenant, tenant), Statement.Of(KeyRow.Get, tenant).With(id)],
            reader => ReadKeyAsync(reader, now, cancel),
            old =>
            {
                // As long a life as the older one was given.
                wanted = new(old.Name, old.Mode, old.Scopes, old.Domains, now + (old.ExpiresAt - old.CreatedAt));
                problem = old.State != "active" ? Ended(old) : KeyRules.WhyNotGive(caller, wanted);
                if (problem is not null)
                {
                    return [];
                }

                key = ApiKey.Create(old.Mode, ring);
                var end = KeyRules.OverlapEnd(overlapEnd, old.ExpiresAt, now);
                return
                [
                    InsertCommand(tenant, key, wanted, id, now),
                    Statement.Of(Expire, tenant).With(id).With(NpgsqlDbType.TimestampTz, end.UtcDateTime),
                    Audit(caller, "key.rotate", id, wanted, $"\"new_key\":\"{key.Id}\",\"old_expires_at\":\"{end:O}\""),
                ];
            },
            cancel
        );
        return found is null ? null
            : problem is not null ? (null, problem)
            : (View(key!, wanted!, id), null);
    }

    /// <summary>Revokes it at once; a second time changes nothing. Null: no such key.</summary>
    public async Task<KeyView?> RevokeAsync(Caller caller, string id, CancellationToken cancel)
    {
        var (tenant, now) = (caller.Tenant.Id, clock.GetUtcNow());
        var found = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(LockTenant, tenant), Statement.Of(KeyRow.Get, tenant).With(id)],
            reader => ReadKeyAsync(reader, now, cancel),
            old =>
                old.RevokedAt is not null
                    ? []
                    :
                    [
                        Statement.Of(Revoke, tenant).With(id).With(NpgsqlDbType.TimestampTz, now.UtcDateTime),
                        Audit(caller, "key.revoke", id, null),
                    ],
            cancel
        );
        return found is null ? null : found with { State = "revoked", RevokedAt = found.RevokedAt ?? now };
    }

    internal static NpgsqlBatchCommand InsertCommand(
        Guid tenant,
        ApiKey key,
        KeyRequest wanted,
        string? replaces,
        DateTimeOffset now
    )
    {
        var command = Statement
            .Of(Insert, tenant)
            .With(key.Id)
            .With(key.Mode)
            .With(wanted.Name)
            .With(NpgsqlDbType.Array | NpgsqlDbType.Text, wanted.Scopes.ToArray())
            .With(NpgsqlDbType.Array | NpgsqlDbType.Text, wanted.Domains.ToArray())
            .With(key.Sha256)
            .With(NpgsqlDbType.TimestampTz, now.UtcDateTime);
        command.Parameters.Add(
            new NpgsqlParameter
            {
                NpgsqlDbType = NpgsqlDbType.TimestampTz,
                Value = (object?)wanted.ExpiresAt?.UtcDateTime ?? DBNull.Value,
            }
        );
        return command.With(NpgsqlDbType.Text, replaces);
    }

    private NpgsqlBatchCommand Audit(
        Caller caller,
        string action,
        string target,
        KeyRequest? wanted,
        string? more = null
    )
    {
        var data =
            wanted is null ? null
            : more is null ? JsonSerializer.Serialize(wanted, ManageJson.Readable.KeyRequest)
            : $"{{{more}}}";
        return Statement
            .Of(Note, caller.Tenant.Id)
            .With(LedgerId.New(clock.GetUtcNow()))
            .With($"key:{caller.KeyId}")
            .With(action)
            .With(target)
            .With(NpgsqlDbType.Text, data);
    }

    internal KeyView View(ApiKey key, KeyRequest wanted, string? replaces) =>
        new(
            key.Id,
            wanted.Name,
            "active",
            key.Mode,
            wanted.Scopes,
            wanted.Domains,
            clock.GetUtcNow(),
            wanted.ExpiresAt,
            null,
            null,
            replaces
        )
        {
            Key = key.Text,
        };

    private static async Task<KeyView?> ReadKeyAsync(
        NpgsqlDataReader reader,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        await reader.NextResultAsync(cancel);
        return await reader.ReadAsync(cancel) ? KeyRow.Read(reader, now) : null;
    }

    internal static ApiProblem TooMany() =>
        new(
            StatusCodes.Status409Conflict,
            "too_many_keys",
            "There are as many keys as there may be",
            $"{KeyRules.LiveKeys} keys work already; revoke one that is not needed."
        )
        {
            Accepted = $"at most {KeyRules.LiveKeys} keys that work",
        };

    private static ApiProblem Ended(KeyView key) =>
        new(
            StatusCodes.Status409Conflict,
            "key_ended",
            "This key does not work any more",
            $"It is {key.State}; create a new one instead."
        )
        {
            Value = key.State,
            Accepted = "a key whose state is active",
        };

    private sealed record Count(int Value);
}
