using Gateway.Api.Acceptance;
using Gateway.Tests.Cluster;
using Npgsql;

namespace Gateway.Tests.Acceptance;

public sealed class AcceptanceTests(TestCluster cluster)
{
    [Fact]
    public async Task A_message_and_all_its_rows_are_there_after_the_answer()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        var message = TestSubmissions.Make(tenant, "a@example.net", "b@example.net");

        Assert.IsType<AcceptanceResult.Accepted>(await acceptor.AcceptAsync(message));

        Assert.Equal(1, await CountAsync(ledger, "messages", message));
        Assert.Equal(1, await CountAsync(ledger, "bodies", message));
        Assert.Equal(2, await CountAsync(ledger, "deliveries", message));
        Assert.Equal(2, await CountAsync(ledger, "deliveries_due", message));
        Assert.Equal(2, await CountAsync(ledger, "events", message));
        Assert.Equal(
            message.Content,
            await ledger.ScalarAsync<byte[]>("SELECT content FROM bodies WHERE message_id = @MessageId", message)
        );
    }

    [Fact]
    public async Task A_poisoned_row_is_refused_alone_and_all_others_are_stored()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        var messages = Enumerable.Range(0, 200).Select(_ => TestSubmissions.Make(tenant)).ToArray();
        // The doors refuse this; here it shows what the ledger does with content that only PostgreSQL objects to.
        messages[77] = messages[77] with
        {
            MetadataJson = """{"a":"\u0000"}""",
        };
        messages[150] = messages[150] with { MetadataJson = "{" };

        var results = await Task.WhenAll(messages.Select(acceptor.AcceptAsync));

        Assert.IsType<AcceptanceResult.Refused>(results[77]);
        Assert.IsType<AcceptanceResult.Refused>(results[150]);
        Assert.Equal(198, results.Count(r => r is AcceptanceResult.Accepted));
        Assert.Equal(198L, await ledger.ScalarAsync<long>("SELECT count(*) FROM messages"));
        Assert.Equal(198L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
    }

    [Fact]
    public async Task A_hundred_parallel_equal_requests_make_one_message()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        // Three replicas: the key must hold across them, not only inside one.
        await using var first = TestSubmissions.Acceptor(ledger);
        await using var second = TestSubmissions.Acceptor(ledger);
        await using var third = TestSubmissions.Acceptor(ledger);
        MessageAcceptor[] replicas = [first, second, third];

        var results = await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(i => replicas[i % 3].AcceptAsync(TestSubmissions.Make(tenant).WithKey("order-1")))
        );

        var accepted = results.Cast<AcceptanceResult.Accepted>().ToArray();
        Assert.Single(accepted.Select(a => a.MessageId).Distinct());
        Assert.Single(accepted, a => !a.Replayed);
        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM messages"));
        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
    }

    [Fact]
    public async Task A_key_belongs_to_one_body_of_one_tenant_for_a_day()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (one, other) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync());
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        var first = TestSubmissions.Make(one).WithKey("k");
        await acceptor.AcceptAsync(first);

        Assert.IsType<AcceptanceResult.KeyReused>(
            await acceptor.AcceptAsync(TestSubmissions.Make(one).WithKey("k", "another body"))
        );
        var foreign = TestSubmissions.Make(other).WithKey("k", "another body");
        Assert.Equal(
            new AcceptanceResult.Accepted(foreign.MessageId, new HashSet<int>(), false).MessageId,
            ((AcceptanceResult.Accepted)await acceptor.AcceptAsync(foreign)).MessageId
        );

        await ledger.ExecuteAsync("UPDATE idempotency SET expires_at = now() - interval '1 second'");
        var later = TestSubmissions.Make(one).WithKey("k", "another body");
        Assert.Equal(
            later.MessageId,
            Assert.IsType<AcceptanceResult.Accepted>(await acceptor.AcceptAsync(later)).MessageId
        );
    }

    [Fact]
    public async Task A_replay_tells_again_who_was_suppressed_at_first()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await ledger.ExecuteAsync(
            "INSERT INTO suppressions (tenant_id, address, stream, reason) VALUES (@Id, 'bad@example.net', 'transactional', 'hard_bounce')",
            tenant
        );
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        var message = TestSubmissions.Make(tenant, "good@example.net", "Bad@example.net").WithKey("k");

        var first = Assert.IsType<AcceptanceResult.Accepted>(await acceptor.AcceptAsync(message));
        await ledger.ExecuteAsync("DELETE FROM suppressions");
        var again = Assert.IsType<AcceptanceResult.Accepted>(
            await acceptor.AcceptAsync(TestSubmissions.Make(tenant, "good@example.net", "Bad@example.net").WithKey("k"))
        );

        Assert.Equal([2], first.Suppressed);
        Assert.Equal([2], again.Suppressed);
        Assert.True(again.Replayed);
        Assert.Equal(
            ["queued", "suppressed"],
            await ledger.QueryAsync<string>("SELECT state FROM deliveries ORDER BY delivery_id")
        );
        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
    }

    [Fact]
    public async Task Equal_bodies_of_one_batch_are_kept_once()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        var batch = Guid.CreateVersion7();
        var items = Enumerable.Range(0, 20).Select(_ => TestSubmissions.Make(tenant) with { SubmissionId = batch });

        await Task.WhenAll(items.Select(acceptor.AcceptAsync));

        var orphans = await ledger.ScalarAsync<long>(
            "SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT FROM bodies b WHERE b.message_id = m.body_message_id)"
        );
        Assert.Equal(0L, orphans);
        Assert.True(await ledger.ScalarAsync<long>("SELECT count(*) FROM bodies") < 20, "bodies were not shared");
    }

    [Fact]
    public async Task A_connection_lost_around_the_commit_is_answered_by_what_the_ledger_holds()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        using var stop = new CancellationTokenSource();
        var nemesis = KillBackendsAsync(ledger, stop.Token);

        var messages = Enumerable.Range(0, 600).Select(_ => TestSubmissions.Make(tenant)).ToArray();
        var results = new AcceptanceResult[messages.Length];
        for (var at = 0; at < messages.Length; at += 20)
        {
            var part = await Task.WhenAll(messages.Skip(at).Take(20).Select(acceptor.AcceptAsync));
            part.CopyTo(results, at);
        }

        await stop.CancelAsync();
        await nemesis;
        var stored = (await ledger.QueryAsync<Guid>("SELECT message_id FROM messages")).ToHashSet();
        for (var i = 0; i < messages.Length; i++)
        {
            if (results[i] is AcceptanceResult.Accepted accepted)
            {
                Assert.True(
                    stored.Contains(accepted.MessageId),
                    $"message {i} was acknowledged and is not in the ledger"
                );
            }
            else
            {
                Assert.IsType<AcceptanceResult.Unavailable>(results[i]);
            }
        }
    }

    [Fact]
    public async Task A_day_without_partition_is_our_fault_and_not_the_callers()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var acceptor = TestSubmissions.Acceptor(ledger);
        var id = Gateway.Ledger.LedgerId.NewMessage(DateTimeOffset.UtcNow.AddDays(400));
        var message = TestSubmissions.Make(tenant) with { MessageId = id, SubmissionId = id };

        Assert.IsType<AcceptanceResult.Unavailable>(await acceptor.AcceptAsync(message));
    }

    private static async Task KillBackendsAsync(TestLedger ledger, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ledger.ConnectionString);
                await connection.OpenAsync(CancellationToken.None);
                await using var kill = new NpgsqlCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gw_accept' AND datname = current_database() AND query LIKE '%accepted AS%'",
                    connection
                );
                await kill.ExecuteNonQueryAsync(CancellationToken.None);
                await Task.Delay(TimeSpan.FromMilliseconds(7), cancel);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<int> CountAsync(TestLedger ledger, string table, Submission message) =>
        (int)await ledger.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE message_id = @MessageId", message);
}
