using Gateway.Ledger;
using Gateway.Suppressions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Npgsql;

namespace Gateway.Tests.Suppressions;

public sealed class SuppressionLedgerTests(TestCluster cluster)
{
    private const string Hard =
        """{"cause":"recipient","class":"hard","outcome":"RecipientPermanent","source":"dsn","reply":"550 5.1.1 no such user"}""";

    private const string Soft =
        """{"cause":"recipient","class":"full","outcome":"RecipientTemporary","source":"provider","path":"mg"}""";

    [Fact]
    public async Task A_refusal_at_once_suppresses_both_streams_and_the_next_mail_is_not_sent()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        await host.Mail.AcceptAsync(tenant, new() { To = ["Gone@Example.net"] });
        await host.Mail.ServeAsync(LedgerMail.Bounced);
        // Queued before anybody knew: the second look, at the last moment, finds it.
        var waiting = await host.Mail.AcceptAsync(tenant, new() { To = ["gone@example.net"], Stream = "broadcast" });
        await host.FollowAsync();

        Assert.Equal(
            "broadcast hard_bounce smtp; transactional hard_bounce smtp",
            await host.ListOfAsync(tenant, "gone@example.net")
        );
        Assert.Equal("", await host.ListOfAsync(other, "gone@example.net"));
        await host.Mail.ServeAsync(LedgerMail.Sent);
        Assert.Equal("suppressed", await StateAsync(host, waiting));
        var late = await host.Mail.AcceptAsync(tenant, new() { To = ["GONE@example.net"] });
        Assert.Equal("suppressed", await StateAsync(host, late));
        var others = await host.Mail.AcceptAsync(other, new() { To = ["gone@example.net"] });
        Assert.Equal("queued", await StateAsync(host, others));
        Assert.Equal(
            ("250 2.0.0 said the other side\r\nin two lines", true),
            await host.Ledger.ScalarAsync<string>("SELECT detail FROM suppressions WHERE stream = 'broadcast'")
                is { } detail
                ? (
                    detail,
                    await host.Ledger.ScalarAsync<bool>(
                        """
                        SELECT bool_and(EXISTS (SELECT FROM events e WHERE e.id = s.event_id AND e.type = 'bounced'
                            AND e.delivery_id = s.delivery_id) AND s.expires_at > now() + interval '179 days') FROM suppressions s
                        """
                    )
                )
                : default
        );
    }

    [Fact]
    public async Task A_complaint_about_a_broadcast_leaves_transactional_mail_alone_unless_the_tenant_says_so()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var (one, all) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        await host.Ledger.ExecuteAsync(
            """UPDATE tenants SET settings = '{"suppression_scope":"all"}' WHERE tenant_id = @Id""",
            new { all.Id }
        );
        foreach (var tenant in (TestTenant[])[one, all])
        {
            await host.TellAsync(tenant, "ann@example.net", "complained", """{"source":"arf"}""", stream: "broadcast");
        }

        await host.FollowAsync();

        Assert.Equal("broadcast complaint arf", await host.ListOfAsync(one, "ann@example.net"));
        Assert.Equal(
            "broadcast complaint arf; transactional complaint arf",
            await host.ListOfAsync(all, "ann@example.net")
        );
    }

    [Fact]
    public async Task Mail_that_arrives_lifts_a_bounce_and_never_a_persons_word_nor_the_tenants()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var before = DateTimeOffset.UtcNow.AddHours(-1);
        await host.TellAsync(tenant, "back@example.net", "bounced", Hard, before);
        await host.TellAsync(tenant, "angry@example.net", "complained", """{"source":"arf"}""", before);
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO suppressions (tenant_id, address, stream, reason, source, created_at)
            VALUES (@Id, 'mine@example.net', 'broadcast', 'hard_bounce', 'tenant', @at)
            """,
            new { tenant.Id, at = before.UtcDateTime }
        );
        await host.FollowAsync();
        Assert.NotEqual("", await host.ListOfAsync(tenant, "back@example.net"));

        // A delivery from before, told late, proves nothing.
        await ArriveAsync("back@example.net", before.AddHours(-1));
        Assert.NotEqual("", await host.ListOfAsync(tenant, "back@example.net"));

        foreach (var address in (string[])["back@example.net", "angry@example.net", "mine@example.net"])
        {
            await ArriveAsync(address, DateTimeOffset.UtcNow);
        }

        Assert.Equal("", await host.ListOfAsync(tenant, "back@example.net"));
        Assert.NotEqual("", await host.ListOfAsync(tenant, "angry@example.net"));
        Assert.NotEqual("", await host.ListOfAsync(tenant, "mine@example.net"));

        async Task ArriveAsync(string address, DateTimeOffset at)
        {
            var message = await host.Ledger.ScalarAsync<Guid>(
                "SELECT coalesce((SELECT message_id FROM deliveries WHERE recipient_key = @address LIMIT 1), @none)",
                new { address, none = Guid.Empty }
            );
            if (message == Guid.Empty)
            {
                // Suppressed at the door: only its row in the ledger matters here.
                message = await host.Mail.AcceptAsync(tenant, new() { To = [address] });
            }

            await host.AppendAsync(tenant, message, "delivered", """{"source":"provider","path":"p"}""", at);
            await host.FollowAsync();
        }
    }

    [Fact]
    public async Task Failures_that_never_end_add_up_over_turns()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var start = DateTimeOffset.UtcNow.AddDays(-10);
        foreach (var day in (int[])[0, 4, 8])
        {
            Assert.Equal("", await host.ListOfAsync(tenant, "full@example.net"));
            await host.TellAsync(tenant, "full@example.net", "bounced", Soft, start.AddDays(day));
            await host.FollowAsync();
        }

        Assert.Equal(
            "broadcast soft_bounce provider:mg; transactional soft_bounce provider:mg",
            await host.ListOfAsync(tenant, "full@example.net")
        );
    }

    [Fact]
    public async Task A_stronger_reason_takes_the_place_of_a_weaker_one_and_not_the_other_way()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.TellAsync(tenant, "ann@example.net", "bounced", Hard);
        await host.FollowAsync();
        await host.TellAsync(tenant, "bob@example.net", "complained", """{"source":"arf"}""");
        await host.FollowAsync();
        foreach (
            var (address, type, data) in new[]
            {
                ("ann", "complained", """{"source":"arf"}"""),
                ("bob", "bounced", Hard),
            }
        )
        {
            var message = await host.Ledger.ScalarAsync<Guid>(
                "SELECT message_id FROM deliveries WHERE recipient_key = @address LIMIT 1",
                new { address = $"{address}@example.net" }
            );
            await host.AppendAsync(tenant, message, type, data);
        }

        await host.FollowAsync();
        const string both = "broadcast complaint arf; transactional complaint arf";
        Assert.Equal(both, await host.ListOfAsync(tenant, "ann@example.net"));
        Assert.Equal(both, await host.ListOfAsync(tenant, "bob@example.net"));
    }

    [Fact]
    public async Task An_event_about_mail_that_the_ledger_no_longer_has_still_suppresses()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var id = LedgerId.New(DateTimeOffset.UtcNow);
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, type, at, data, orphan) VALUES (@Id, @id, @id, 'bounced', now(),
                '{"cause":"recipient","class":"hard","source":"provider","path":"sg","recipient":"old@example.net"}', true)
            """,
            new { tenant.Id, id }
        );
        await host.FollowAsync();
        Assert.Equal(
            "broadcast hard_bounce provider:sg; transactional hard_bounce provider:sg",
            await host.ListOfAsync(tenant, "old@example.net")
        );
    }

    [Fact]
    public async Task Test_mail_suppresses_nobody()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var message = await host.Mail.AcceptAsync(tenant, new() { To = ["ann@example.net"] });
        await host.Ledger.ExecuteAsync("UPDATE messages SET mode = 'test'");
        await host.Mail.ServeAsync(LedgerMail.Bounced);
        await host.AppendAsync(tenant, message, "complained", """{"source":"arf"}""");
        await host.FollowAsync();
        Assert.Equal("", await host.ListOfAsync(tenant, "ann@example.net"));
    }

    [Fact]
    public async Task A_transaction_that_is_slow_to_commit_is_followed_late_and_never_missed()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var slow = await host.Mail.AcceptAsync(tenant, new() { To = ["slow@example.net"] });
        await using var connection = await host.Ledger.Worker.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var insert = new NpgsqlCommand(
                $"""
                INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, at, data)
                VALUES ('{tenant.Id}', '{slow}', '{LedgerId.New(DateTimeOffset.UtcNow)}', '{slow}', '{LedgerId.Delivery(
                    slow,
                    1
                )}', 9,
                    'bounced', now(), '{Hard}')
                """,
                connection
            );
            await insert.ExecuteNonQueryAsync();
            // Younger, committed sooner: it waits for the older one.
            await host.TellAsync(tenant, "fast@example.net", "bounced", Hard);
            Assert.Equal(0, await host.Suppressions.AdvanceAsync(CancellationToken.None));
            Assert.Equal("", await host.ListOfAsync(tenant, "fast@example.net"));
            await transaction.CommitAsync();
        }

        await host.FollowAsync();
        Assert.NotEqual("", await host.ListOfAsync(tenant, "slow@example.net"));
        Assert.NotEqual("", await host.ListOfAsync(tenant, "fast@example.net"));
    }

    [Fact]
    public async Task While_one_replica_follows_another_does_not_wait_for_it()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.TellAsync(tenant, "ann@example.net", "bounced", Hard);
        await using (var connection = await host.Ledger.Worker.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("SELECT 1 FROM suppression_cursor FOR UPDATE", connection);
            await hold.ExecuteNonQueryAsync();
            Assert.Equal(0, await host.Suppressions.AdvanceAsync(CancellationToken.None));
        }

        await host.FollowAsync();
        Assert.NotEqual("", await host.ListOfAsync(tenant, "ann@example.net"));
    }

    [Fact]
    public async Task What_ended_counts_no_more_and_is_dropped_a_day_later()
    {
        await using var host = await SuppressionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Ledger.ExecuteAsync(
            """
            INSERT INTO suppressions (tenant_id, address, stream, reason, expires_at) VALUES
                (@Id, 'a@example.net', 'broadcast', 'hard_bounce', now() - interval '25 hours'),
                (@Id, 'b@example.net', 'broadcast', 'hard_bounce', now() - interval '1 hour'),
                (@Id, 'c@example.net', 'broadcast', 'complaint', NULL)
            """,
            new { tenant.Id }
        );
        var message = await host.Mail.AcceptAsync(tenant, new() { To = ["b@example.net"], Stream = "broadcast" });
        Assert.Equal("queued", await StateAsync(host, message));
        await host.Suppressions.ForgetExpiredAsync(CancellationToken.None);
        Assert.Equal(
            ["b@example.net", "c@example.net"],
            await host.Ledger.QueryAsync<string>("SELECT address FROM suppressions ORDER BY 1")
        );
    }

    private static Task<string> StateAsync(SuppressionHost host, Guid message) =>
        host.Ledger.ScalarAsync<string>("SELECT state FROM deliveries WHERE message_id = @message", new { message });
}
