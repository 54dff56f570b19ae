using Gateway.Tests.Cluster;
using Npgsql;

namespace Gateway.Tests.Reading;

/// <summary>I5: whatever a query forgets, the database does not show one tenant's rows to another.</summary>
public sealed class RowSecurityTests(TestCluster cluster)
{
    private static readonly string[] Ledger =
    [
        "messages",
        "bodies",
        "deliveries",
        "attempts",
        "events",
        "deliveries_due",
        "lanes",
        "sandbox_messages",
        "suppressions",
        "tenants",
        "api_keys",
        "sending_domains",
        "limits",
        "audit",
        "lane_outcomes",
        "confirmed_recipients",
    ];

    [Fact]
    public async Task Without_a_where_each_tenant_sees_its_own_rows_and_nobody_sees_any()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        TestTenant[] tenants = [await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync()];
        foreach (var tenant in tenants)
        {
            await mail.AcceptAsync(tenant, new() { At = DateTimeOffset.UtcNow.AddDays(-1) });
            await mail.AcceptAsync(tenant);
            await mail.ServeAsync(LedgerMail.Deferred);
            await mail.AcceptAsync(tenant);
            await ledger.ExecuteAsync(
                """
                INSERT INTO suppressions (tenant_id, address, stream, reason) VALUES (@Id, 'x@example.com', 'broadcast', 'manual');
                INSERT INTO sandbox_messages (tenant_id, delivery_id, message_id, mail_from, rcpt_to, raw)
                VALUES (@Id, @Id, @Id, '', '', '');
                INSERT INTO limits (limit_id, tenant_id, scope, unit, window_seconds, cap, over)
                VALUES (@Id, @Id, 'tenant', 'messages', 60, 5, 'wait');
                INSERT INTO audit (audit_id, tenant_id, actor, action, target) VALUES (@Id, @Id, 'gateway', 'a', 't');
                INSERT INTO lane_outcomes (tenant_id, stream, hour, outcomes, hard_bounces, complaints)
                VALUES (@Id, 'broadcast', now(), 1, 0, 0);
                INSERT INTO confirmed_recipients (tenant_id, address) VALUES (@Id, 'x@example.com');
                INSERT INTO idempotency (tenant_id, key, request_hash, message_id, expires_at) VALUES (@Id, 'k', '', @Id, now())
                """,
                new { tenant.Id }
            );
        }

        foreach (var table in Ledger)
        {
            await SeesOnlyItsOwnAsync(ledger.Door, table, "tenant_id");
        }

        // What acceptance may read at all.
        await SeesOnlyItsOwnAsync(ledger.Accept, "messages", "tenant_id");
        await SeesOnlyItsOwnAsync(ledger.Accept, "idempotency", "tenant_id");
        await SeesOnlyItsOwnAsync(ledger.Accept, "suppressions", "tenant_id");

        async Task SeesOnlyItsOwnAsync(NpgsqlDataSource source, string table, string column)
        {
            var all = await ledger.ScalarAsync<long>($"SELECT count(*) FROM {table}");
            var seen = 0L;
            foreach (var tenant in tenants)
            {
                var mine = await ReadAsync(source, tenant.Id.ToString(), $"SELECT {column} FROM {table}");
                Assert.True(mine.Count > 0, table);
                Assert.All(mine, id => Assert.Equal(tenant.Id, id));
                seen += mine.Count;
            }

            Assert.Equal(all, seen);
            Assert.Empty(await ReadAsync(source, null, $"SELECT {column} FROM {table}"));
            Assert.Empty(await ReadAsync(source, Guid.NewGuid().ToString(), $"SELECT {column} FROM {table}"));
        }
    }

    [Fact]
    public async Task A_tenant_cannot_write_rows_of_another()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var (mine, other) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await mail.AcceptAsync(other);
        foreach (
            var sql in (string[])
                [
                    "UPDATE deliveries SET state = 'cancelled' RETURNING tenant_id",
                    "DELETE FROM deliveries_due RETURNING tenant_id",
                    "UPDATE tenants SET settings = '{}' RETURNING tenant_id",
                    "UPDATE api_keys SET revoked_at = now() RETURNING tenant_id",
                ]
        )
        {
            Assert.All(await ReadAsync(ledger.Door, mine.Id.ToString(), sql), id => Assert.Equal(mine.Id, id));
        }

        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            ReadAsync(
                ledger.Door,
                mine.Id.ToString(),
                $"""
                INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id)
                VALUES ('{other.Id}', 'transactional', now(), '{mine.Id}', '{mine.Id}') RETURNING tenant_id
                """
            )
        );
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task Every_table_with_a_tenant_forces_row_security_and_no_partition_is_granted()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        Assert.Empty(
            await ledger.QueryAsync<string>(
                """
                SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
                    AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND (
                        EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant_only'
                            AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL)
                        -- Without a policy and without a grant the tenants' doors see nothing of it at all.
                        OR NOT EXISTS (SELECT FROM pg_policy p, pg_roles r
                            WHERE p.polrelid = c.oid AND r.rolname IN ('gw_door', 'gw_accept') AND r.oid = ANY (p.polroles))
                        AND NOT EXISTS (SELECT FROM unnest(ARRAY['gw_door', 'gw_accept']) AS r (role)
                            WHERE has_any_column_privilege(r.role, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                                OR has_table_privilege(r.role, c.oid, 'DELETE, TRUNCATE, TRIGGER'))))
                """
            )
        );
        // A partition has no policies of its own: whoever could read it directly would read every tenant.
        Assert.Empty(
            await ledger.QueryAsync<string>(
                """
                SELECT c.relname::text FROM pg_class c, unnest(ARRAY['gw_door', 'gw_accept', 'gw_worker', 'gw_operator']) AS r (role)
                WHERE c.relispartition AND c.relkind = 'r'
                    AND has_table_privilege(r.role, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
                """
            )
        );
        Assert.Empty(
            await ledger.QueryAsync<string>(
                """
                SELECT rolname::text FROM pg_roles r WHERE rolname IN ('gw_door', 'gw_accept', 'gw_worker', 'gw_operator')
                    AND (rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')))
                """
            )
        );
    }

    private static async Task<List<Guid>> ReadAsync(NpgsqlDataSource source, string? tenant, string sql)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (tenant is not null)
        {
            await using var set = new NpgsqlCommand(
                $"SELECT set_config('gw.tenants', '{{{tenant}}}', true)",
                connection
            );
            await set.ExecuteNonQueryAsync();
        }

        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new List<Guid>();
        while (await reader.ReadAsync())
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }
}
