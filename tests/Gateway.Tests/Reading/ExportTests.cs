using Gateway.Api.Messages;
using Gateway.Tests.Cluster;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Tests.Reading;

/// <summary>Finding what failed among much that did not, and taking it along.</summary>
public sealed class ExportTests(TestCluster cluster)
{
    [Fact]
    public async Task A_csv_without_a_limit_holds_every_delivery_with_the_exact_reply()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var ids = new HashSet<Guid>();
        // More than two of the pages that it is read in.
        for (var i = 0; i < 1_100; i++)
        {
            ids.Add(await host.Mail.AcceptAsync(tenant, new() { To = [$"=r{i}@example.com"] }));
        }

        while (await host.Mail.ServeAsync(LedgerMail.Bounced, "bad") > 0)
        {
            // All of them.
        }

        await host.Mail.AcceptAsync(tenant);
        using var client = host.Client(tenant);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/messages?state=bounced&path=bad");
        request.Headers.Add("Accept", "text/csv");
        using var answer = await client.SendAsync(request);
        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.False(answer.Headers.Contains("Link"));
        // The reply has two lines of its own.
        var rows = (await answer.Content.ReadAsStringAsync()).Split("\"\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.EndsWith(
            "\"bounced\",\"recipient\",\"bad\",\"250 2.0.0 said the other side\r\nin two lines",
            rows[0],
            StringComparison.Ordinal
        );
        Assert.Equal(1_100, rows.Length);
        var found = rows.Skip(1).Select(r => Guid.Parse(r.AsSpan(1, 36))).ToHashSet();
        Assert.Equal(1_099, found.Count);
        Assert.Subset(ids, found);
        Assert.All(rows, r => Assert.Contains(",\"'=r", r, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_failed_is_found_by_its_own_index_among_much_that_did_not()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await FillAsync(ledger, tenant, 50_000);
        foreach (
            var filter in (string[])
                ["state=bounced", "state=bounced&path=bad", "cause=recipient", "state=held&cause=mass_bounce"]
        )
        {
            var plan = await PlanAsync(ledger, tenant, filter);
            Assert.Contains("_failed_tenant_id_message_id_idx", plan, StringComparison.Ordinal);
            Assert.DoesNotContain(
                $"Seq Scan on deliveries_{DateTimeOffset.UtcNow:yyyyMMdd}",
                plan,
                StringComparison.Ordinal
            );
            Assert.DoesNotContain("Rows Removed by Filter: 4", plan, StringComparison.Ordinal);
        }
    }

    /// <summary>Deliveries as they stand after a day: 1 in 1,000 failed.</summary>
    internal static Task FillAsync(
        TestLedger ledger,
        TestTenant tenant,
        int count,
        int from = 0,
        string rest = "sent"
    ) =>
        ledger.ExecuteAsync(
            """
            WITH made AS (
                SELECT i, (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 1000000 + i), 12, '0') || '7'
                    || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 12) || '000')::uuid AS id
                FROM generate_series(@from + 1, @from + @count) i
            ), messages AS (
                INSERT INTO messages (tenant_id, message_id, submission_id, key_id, door, mode, stream, from_address,
                    from_domain, subject, tags, track_opens, track_clicks, size_bytes, body_message_id, accepted_at)
                SELECT @Id, id, id, 'key', 'json', 'live', 'transactional', 'a@b.example', 'b.example', 'Hello',
                    CASE WHEN i % 1000 = 7 THEN '{rare}'::text[] ELSE '{common}'::text[] END, false, false, 100, id, now()
                FROM made
            )
            INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, cause, path, attempts,
                created_at, updated_at)
            SELECT @Id, id, id, 'r' || i || '@example.com', 'r' || i || '@example.com',
                CASE WHEN i % 1000 = 0 THEN 'bounced' WHEN i % 1000 = 1 THEN 'held' ELSE @rest END,
                CASE WHEN i % 1000 = 0 THEN 'recipient' WHEN i % 1000 = 1 THEN 'mass_bounce' ELSE 'final' END,
                CASE WHEN i % 1000 < 5 THEN 'bad' ELSE 'good' END, 1, now(), now()
            FROM made;
            ANALYZE messages; ANALYZE deliveries
            """,
            new
            {
                tenant.Id,
                count,
                from,
                rest,
            }
        );

    internal static Task<string> PlanAsync(TestLedger ledger, TestTenant tenant, string query) =>
        Plan.ReadAsync(
            ledger.Door,
            tenant,
            MessageList.Build(
                tenant.Id,
                MessageFilter.Read(new QueryCollection(QueryHelpers.ParseQuery(query)), out _)!
            )
        );
}
