using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Running;

/// <summary>A Worker of its own against a scripted relay: what each answer does to the delivery.</summary>
public sealed class RelayTests(TestCluster cluster)
{
    [Fact]
    public async Task A_raw_message_reaches_the_relay_byte_by_byte_with_its_reply_in_the_ledger()
    {
        await using var relay = new SmtpScriptServer();
        await using var gateway = await StartAsync(relay.Port);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        const string body = ".\r\n..two\r\nGrüße\r\n \r\nend without line end";
        var raw =
            $"From: {tenant.Address}\r\nBcc: hidden@example.net\r\nTo: ann@example.net\r\nSubject: raw\r\n\r\n{body}";

        using var client = gateway.Client(tenant);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(raw));
        content.Headers.ContentType = new("message/rfc822");
        using var answer = await client.PostAsync("/v1/messages/raw", content);
        Assert.Equal(202, (int)answer.StatusCode);

        await UntilAsync(gateway, 2, "sent");
        Assert.Equal(
            ["250 2.0.0 kept", "250 2.0.0 kept"],
            await gateway.Ledger.QueryAsync<string>("SELECT reply FROM attempts")
        );
        foreach (var mail in relay.Mails)
        {
            var text = Encoding.UTF8.GetString(mail.Content).Replace("\r\n..", "\r\n.", StringComparison.Ordinal);
            Assert.EndsWith("\r\n\r\n" + body + "\r\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
            Assert.Contains("Message-ID: <", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Each_answer_has_its_end_and_the_exact_reply_is_kept()
    {
        (string Step, string Reply, string State, string Cause, string Outcome)[] cases =
        [
            ("RCPT", "550 5.1.1 no such user", "bounced", "recipient", "RecipientPermanent"),
            ("RCPT", "450 4.2.2 mailbox full", "deferred", "recipient", "RecipientTemporary"),
            (".", "554 5.6.0 message is malformed", "bounced", "message", "MessagePermanent"),
            ("EHLO", "421 4.3.2 shutting down", "deferred", "path", "PathDown"),
            ("MAIL", "451 4.7.0 slow down, try again later", "deferred", "path", "PathThrottled"),
            ("MAIL", "530 5.7.0 authentication required", "deferred", "path", "PathDown"),
            ("RCPT", "554 5.7.1 relay access denied", "deferred", "path", "PathDown"),
        ];
        var relays = cases.Select(c => new SmtpScriptServer(SmtpScript.At(c.Step, c.Reply))).ToArray();
        await using var gateway = await StartAsync([.. relays.Select(r => r.Port)]);
        for (var i = 0; i < cases.Length; i++)
        {
            await gateway.Ledger.ExecuteAsync(
                """
                INSERT INTO routes (route_id, place, recipient_domain, tiers)
                VALUES (gen_random_uuid(), @i, @domain, jsonb_build_array(jsonb_build_array(
                    jsonb_build_object('path', 'relay' || @i, 'weight', 1))))
                """,
                new { i, domain = $"r{i}.example" }
            );
        }

        await Task.WhenAll(
            cases.Select(
                async (c, i) =>
                {
                    var tenant = await SendAsync(gateway, $"ann@r{i}.example");
                    await UntilAsync(gateway, 1, c.State, c.Cause, tenant);
                    Assert.Contains(
                        (c.Outcome, c.Reply),
                        await gateway.Ledger.QueryAsync<(string, string)>(
                            "SELECT outcome, reply FROM attempts WHERE tenant_id = @tenant",
                            new { tenant }
                        )
                    );
                }
            )
        );
        foreach (var relay in relays)
        {
            await relay.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_dead_relay_costs_no_bounce_and_the_next_path_carries_at_once()
    {
        await using var dead = new SmtpScriptServer(SmtpScript.At("connect", "554 5.3.2 no service here"));
        await using var alive = new SmtpScriptServer();
        await using var gateway = await StartAsync(dead.Port, alive.Port);
        for (var i = 0; i < 20; i++)
        {
            await SendAsync(gateway);
        }

        await UntilAsync(gateway, 20, "sent");
        Assert.Equal(20, alive.Mails.Count);
        Assert.Equal(0L, await gateway.Ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE state = 'bounced'"));
        var slowest = await gateway.Ledger.ScalarAsync<TimeSpan>("SELECT max(ended_at - created_at) FROM deliveries");
        Assert.True(slowest < TimeSpan.FromSeconds(20), $"the slowest took {slowest}");
    }

    [Fact]
    public async Task Silence_after_the_final_dot_is_unknown_and_not_sent_again_at_once()
    {
        await using var relay = new SmtpScriptServer(SmtpScript.At(".", new SmtpAct.Reset()));
        await using var gateway = await StartAsync(relay.Port);
        await SendAsync(gateway);

        await UntilAsync(gateway, 1, "unknown");
        Assert.Equal(
            1L,
            await gateway.Ledger.ScalarAsync<long>("SELECT count(*) FROM attempts WHERE outcome = 'Unknown'")
        );
        Assert.True(
            await gateway.Ledger.ScalarAsync<bool>(
                "SELECT due_at > now() + interval '90 seconds' FROM deliveries_due WHERE waiting_for = 'reconciliation'"
            )
        );
    }

    private Task<RunningGateway> StartAsync(params int[] relays)
    {
        var settings = new Dictionary<string, string?>();
        for (var i = 0; i < relays.Length; i++)
        {
            settings[$"Gateway__Paths__relay{i}__Provider"] = "smtp";
            settings[$"Gateway__Paths__relay{i}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__relay{i}__Port"] = $"{relays[i]}";
            settings[$"Gateway__Paths__relay{i}__Tls"] = "None";
            settings[$"Gateway__Route__{i}"] = $"relay{i}";
        }

        return RunningGateway.StartAsync(cluster, settings: settings);
    }

    private static async Task<Guid> SendAsync(RunningGateway gateway, string to = "ann@example.net")
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        using var answer = await client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to = new[] { to },
                subject = "x",
                text = "x",
            }
        );
        Assert.Equal(202, (int)answer.StatusCode);
        return tenant.Id;
    }

    private static Task UntilAsync(
        RunningGateway gateway,
        int count,
        string state,
        string? cause = null,
        Guid? tenant = null
    ) =>
        Eventually.EqualAsync(
            (long)count,
            () =>
                gateway.Ledger.ScalarAsync<long>(
                    """
                    SELECT count(*) FROM deliveries WHERE state = @state AND (@cause::text IS NULL OR cause = @cause)
                        AND (@tenant::uuid IS NULL OR tenant_id = @tenant)
                    """,
                    new
                    {
                        state,
                        cause,
                        tenant,
                    }
                ),
            $"deliveries that are {state} {cause}"
        );
}
