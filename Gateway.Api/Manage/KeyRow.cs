using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Manage;

/// <summary>A key's row as every door to the keys reads it.</summary>
internal static class KeyRow
{
    public const string Columns =
        "key_id, name, mode, scopes, domains, created_at, expires_at, revoked_at, last_used_at, replaces";

    /// <summary>Newest first, beginning after the key that is named; nothing where that is not of this tenant.</summary>
    public const string List = $"""
        SELECT {Columns} FROM api_keys
        WHERE tenant_id = $1 AND ($2 IS NULL OR (created_at, key_id) <
            (SELECT c.created_at, c.key_id FROM api_keys c WHERE c.tenant_id = $1 AND c.key_id = $2))
        ORDER BY created_at DESC, key_id DESC LIMIT $3
        """;

    public const string Get = $"SELECT {Columns} FROM api_keys WHERE tenant_id = $1 AND key_id = $2";

    public static KeyView Read(NpgsqlDataReader row, DateTimeOffset now)
    {
        var (expires, revoked) = (row.TimeOrNull(6), row.TimeOrNull(7));
        return new KeyView(
            row.GetString(0),
            row.GetString(1),
            revoked is not null ? "revoked"
                : expires <= now ? "expired"
                : "active",
            row.GetString(2),
            row.GetFieldValue<string[]>(3),
            row.GetFieldValue<string[]>(4),
            row.Time(5),
            expires,
            revoked,
            row.TimeOrNull(8),
            row.TextOrNull(9)
        );
    }

    public static async Task<KeyPage> ReadPageAsync(
        NpgsqlDataReader reader,
        int limit,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var items = new List<KeyView>();
        while (await reader.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new KeyPage(items, items[^1].Id);
            }

            items.Add(Read(reader, now));
        }

        return new KeyPage(items, null);
    }
}
