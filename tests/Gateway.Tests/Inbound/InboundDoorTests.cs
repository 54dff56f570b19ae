using System.Text;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;
using ProviderEmulators.Events;

namespace Gateway.Tests.Inbound;

public sealed class InboundDoorTests(TestCluster cluster)
{
    private static readonly MailgunWriter Mailgun = new();
    private static readonly SendGridWriter SendGrid = new();

    [Fact]
    public async Task Each_provider_reports_a_delivery_and_the_tenant_reads_the_same_event()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var doors = await AddPathsAsync(ledger);
        foreach (var (kind, door) in doors)
        {
            var id = (await SentMails.SendAsync(ledger, kind, 1))[0];
            Assert.Equal(200, await host.PostAsync(door, Delivered(kind, id)));
        }

        await Eventually.EqualAsync(4L, () => CountAsync(ledger, "deliveries WHERE state = 'delivered'"), "delivered");
        var told = await ledger.QueryAsync<string>(
            "SELECT DISTINCT (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(data) k) FROM events WHERE type = 'delivered'"
        );
        Assert.Equal(["attempt path reply source status"], told);
        await UntilReadAsync(ledger);
        Assert.Equal(4L, await CountAsync(ledger, "inbound_events"));
        Assert.Equal(0L, await CountAsync(ledger, "inbound_events WHERE headers::text ILIKE '%authorization%'"));
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task What_is_forged_expired_or_guessed_changes_nothing_and_is_answered_as_its_provider_needs()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var doors = await AddPathsAsync(ledger);
        var id = (await SentMails.SendAsync(ledger, "sendgrid", 1))[0];
        var post = Delivered("sendgrid", id);

        Assert.Equal(
            401,
            await host.PostAsync(doors["sendgrid"], SendGrid.Sign(post.Body, DateTimeOffset.UtcNow, forged: true))
        );
        Assert.Equal(
            401,
            await host.PostAsync(doors["sendgrid"], SendGrid.Sign(post.Body, DateTimeOffset.UtcNow.AddHours(-26)))
        );
        Assert.Equal(401, await host.PostAsync(doors["mailgun"], MailgunPost(id, forged: true)));
        Assert.Equal(
            403,
            await host.PostAsync(
                doors["ses"],
                TestFormats.Sns.Notify("{}", DateTimeOffset.UtcNow, f => f["TopicArn"] = "arn:aws:sns:us-east-1:1:x")
            )
        );
        // Never 403, which would drop the event for ever.
        Assert.Equal(401, await host.PostAsync(doors["postmark"], PostmarkWriter.Write("{}", password: "wrong")));

        // A door is its path's own, whatever is signed.
        Assert.Equal(
            404,
            await host.PostAsync(doors["sendgrid"][..^1] + (doors["sendgrid"][^1] == '0' ? '1' : '0'), post)
        );
        Assert.Equal(
            404,
            await host.PostAsync(doors["sendgrid"].Replace("sendgrid", "mailgun", StringComparison.Ordinal), post)
        );
        Assert.Equal(404, await host.PostAsync("/in/smtp/" + new string('0', 32), post));
        Assert.Equal(404, await host.PostAsync("/in/sendgrid/short", post));
        var bare = await InboundHost.AddPathAsync(ledger, "bare", "sendgrid", new { });
        Assert.Equal(503, await host.PostAsync(bare, post));
        Assert.Equal(
            413,
            await host.PostAsync(doors["sendgrid"], SendGrid.Sign(new byte[(4 << 20) + 1], DateTimeOffset.UtcNow))
        );

        Assert.Equal(0L, await CountAsync(ledger, "inbound_events"));
        Assert.Equal("sent", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));
    }

    [Fact]
    public async Task A_token_of_Mailgun_signs_one_request_and_the_same_again_is_known()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var door = (await AddPathsAsync(ledger))["mailgun"];
        var ids = await SentMails.SendAsync(ledger, "mailgun", 2);
        var (token, at) = (MailgunWriter.NewToken(), DateTimeOffset.UtcNow);
        var first = Mailgun.Sign(MailgunEvent(ids[0]), at, token);
        var stolen = Mailgun.Sign(MailgunEvent(ids[1]), at, token);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.PostAsync(door, first)));
        Assert.All(answers, a => Assert.Equal(200, a));
        Assert.Equal(401, await host.PostAsync(door, stolen));

        await Eventually.EqualAsync(1L, () => CountAsync(ledger, "events WHERE type = 'delivered'"), "one event");
        await UntilReadAsync(ledger);
        Assert.Equal(1L, await CountAsync(ledger, "inbound_events"));
        Assert.Equal(
            "sent",
            await ledger.ScalarAsync<string>(
                "SELECT state FROM deliveries WHERE delivery_id = @id",
                new { id = ids[1] }
            )
        );
    }

    [Fact]
    public async Task A_subscription_of_our_topic_is_confirmed_once_at_Amazon()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var door = (await AddPathsAsync(ledger))["ses"];
        EventPost Ask(string url) =>
            TestFormats.Sns.Notify(
                "You have chosen to subscribe",
                DateTimeOffset.UtcNow,
                f =>
                {
                    (f["Type"], f["Token"], f["SubscribeURL"]) = ("SubscriptionConfirmation", "t", url);
                }
            );

        Assert.Equal(
            200,
            await host.PostAsync(door, Ask("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"))
        );
        Assert.Equal(200, await host.PostAsync(door, Ask("https://169.254.169.254/latest?Action=ConfirmSubscription")));
        await Eventually.EqualAsync(
            1L,
            () => CountAsync(ledger, "path_events WHERE type = 'events.confirmed'"),
            "the confirmation is told"
        );
        await Eventually.EqualAsync(
            1L,
            () => CountAsync(ledger, "inbound_due WHERE reason LIKE '%SubscribeURL%'"),
            "the other one is kept"
        );
        Assert.All(host.Visited, u => Assert.Equal("sns.us-east-1.amazonaws.com", u.Host));
        Assert.Single(host.Visited, u => u.Query.Length > 0);
    }

    [Fact]
    public async Task What_cannot_be_read_is_kept_with_its_reason_and_read_again_and_what_can_is_not_lost_for_it()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var door = (await AddPathsAsync(ledger))["sendgrid"];
        var id = (await SentMails.SendAsync(ledger, "sendgrid", 1))[0];
        var good = Encoding.UTF8.GetString(Delivered("sendgrid", id).Body).TrimEnd()[1..^1];

        Assert.Equal(
            200,
            await host.PostAsync(
                door,
                SendGrid.Sign(Encoding.UTF8.GetBytes($"[{good},{{\"event\":\"open\"}}]"), DateTimeOffset.UtcNow)
            )
        );
        Assert.Equal(200, await host.PostAsync(door, SendGrid.Sign("[{\"event\""u8.ToArray(), DateTimeOffset.UtcNow)));

        await Eventually.EqualAsync(
            2L,
            () => CountAsync(ledger, "inbound_due WHERE tries = 1 AND reason IS NOT NULL AND due_at > now()"),
            "kept"
        );
        Assert.Equal("delivered", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));

        await ledger.ExecuteAsync("UPDATE inbound_due SET due_at = now()");
        await Eventually.EqualAsync(2L, () => CountAsync(ledger, "inbound_due WHERE tries = 2"), "read again");
        Assert.Equal(1L, await CountAsync(ledger, "events WHERE type = 'delivered'"));
    }

    [Fact]
    public async Task Replaying_the_log_derives_the_same_states_and_no_second_event()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var door = (await AddPathsAsync(ledger))["sendgrid"];
        var ids = await SentMails.SendAsync(ledger, "sendgrid", 20);
        foreach (var (id, i) in ids.Select((id, i) => (id, i)))
        {
            await host.PostAsync(door, Event(id, i % 3 == 0 ? "bounce" : "delivered"));
            await host.PostAsync(door, Event(id, "processed"));
        }

        await Eventually.EqualAsync(
            40L,
            () => CountAsync(ledger, "events WHERE data ->> 'source' = 'provider'"),
            "all told"
        );
        await UntilReadAsync(ledger);
        var states = await StatesAsync();
        await ReplayAsync();
        Assert.Equal(40L, await CountAsync(ledger, "events WHERE data ->> 'source' = 'provider'"));
        Assert.Equal(states, await StatesAsync());

        // From the log alone, as if nothing had been told.
        await ledger.ExecuteAsync(
            """
            DELETE FROM seen_reports;
            DELETE FROM events WHERE data ->> 'source' = 'provider';
            UPDATE deliveries SET state = 'sent', cause = NULL, ended_at = NULL, sequence = 3;
            """
        );
        await ReplayAsync();
        Assert.Equal(states, await StatesAsync());
        await EventFold.AssertHoldsAsync(ledger);

        async Task ReplayAsync()
        {
            await ledger.ExecuteAsync(
                "INSERT INTO inbound_due (inbound_id, due_at) SELECT inbound_id, now() FROM inbound_events"
            );
            await UntilReadAsync(ledger);
        }

        Task<IReadOnlyList<(Guid, string, string?)>> StatesAsync() =>
            ledger.QueryAsync<(Guid, string, string?)>("SELECT delivery_id, state, cause FROM deliveries ORDER BY 1");
    }

    [Fact]
    public async Task Events_about_nobodys_mail_are_taken_and_kept_as_orphans()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var doors = await AddPathsAsync(ledger);
        var id = (await SentMails.SendAsync(ledger, "mailgun", 1))[0];

        Assert.Equal(
            200,
            await host.PostAsync(
                doors["sendgrid"],
                Event(LedgerId.Delivery(LedgerId.NewMessage(DateTimeOffset.UtcNow), 1), "delivered")
            )
        );
        // Of a mail that went over another path.
        Assert.Equal(200, await host.PostAsync(doors["sendgrid"], Event(id, "delivered")));
        Assert.Equal(
            200,
            await host.PostAsync(
                doors["sendgrid"],
                SendGrid.Sign(
                    """[{"event":"open","timestamp":1767225600,"sg_event_id":"x"}]"""u8.ToArray(),
                    DateTimeOffset.UtcNow
                )
            )
        );

        await Eventually.EqualAsync(3L, () => CountAsync(ledger, "inbound_orphans"), "orphans");
        await UntilReadAsync(ledger);
        Assert.Equal("sent", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));
    }

    [Fact]
    public async Task News_of_the_account_stand_among_the_paths_events_once()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var door = (await AddPathsAsync(ledger))["sendgrid"];
        var body =
            """[{"event":"account_status_change","sg_event_id":"x","timestamp":1767225600,"type":"compliance_suspend"}]"""u8.ToArray();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, await host.PostAsync(door, SendGrid.Sign(body, DateTimeOffset.UtcNow)));
        }

        await Eventually.EqualAsync(
            3L,
            () =>
                CountAsync(
                    ledger,
                    "inbound_events e WHERE NOT EXISTS (SELECT FROM inbound_due d WHERE d.inbound_id = e.inbound_id)"
                ),
            "read"
        );
        Assert.Equal(
            ("sendgrid", "compliance_suspend"),
            (
                await ledger.QueryAsync<(string, string)>(
                    "SELECT path, reason FROM path_events WHERE type = 'provider.account'"
                )
            ).Single()
        );
    }

    [Fact]
    public async Task Without_the_ledger_a_provider_is_told_to_come_again()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var door = (await AddPathsAsync(ledger))["postmark"];
        Assert.Equal(200, await host.PostAsync(door, PostmarkWriter.Write("{}")));
        await ledger.ExecuteAsync("REVOKE INSERT ON inbound_events FROM gw_accept");
        Assert.Equal(503, await host.PostAsync(door, PostmarkWriter.Write("{}")));
        await ledger.ExecuteAsync("GRANT INSERT ON inbound_events TO gw_accept");
        Assert.Equal(200, await host.PostAsync(door, PostmarkWriter.Write("{}")));
    }

    private static async Task<Dictionary<string, string>> AddPathsAsync(TestLedger ledger) =>
        new()
        {
            ["sendgrid"] = await InboundHost.AddPathAsync(
                ledger,
                "sendgrid",
                "sendgrid",
                new { EventsPublicKey = SendGrid.PublicKey }
            ),
            ["mailgun"] = await InboundHost.AddPathAsync(
                ledger,
                "mailgun",
                "mailgun",
                new { EventsSigningKey = Mailgun.SigningKey }
            ),
            ["ses"] = await InboundHost.AddPathAsync(ledger, "ses", "ses", new { EventsTopics = SnsWriter.Topic }),
            ["postmark"] = await InboundHost.AddPathAsync(
                ledger,
                "postmark",
                "postmark",
                new { EventsUser = PostmarkWriter.User, EventsPassword = PostmarkWriter.Password }
            ),
        };

    private static EventPost Delivered(string kind, Guid id) =>
        kind switch
        {
            "sendgrid" => Event(id, "delivered"),
            "mailgun" => MailgunPost(id),
            "ses" => TestFormats.Sns.Notify(
                JsonSerializer.Serialize(
                    new
                    {
                        eventType = "Delivery",
                        delivery = new { timestamp = DateTimeOffset.UtcNow, smtpResponse = "250 2.0.0 OK" },
                        mail = new
                        {
                            messageId = "m",
                            tags = SentMails.Variables(id).ToDictionary(v => v.Key, v => new[] { v.Value }),
                        },
                    }
                ),
                DateTimeOffset.UtcNow
            ),
            _ => PostmarkWriter.Write(
                JsonSerializer.Serialize(
                    new
                    {
                        RecordType = "Delivery",
                        DeliveredAt = DateTimeOffset.UtcNow,
                        Details = "smtp;250 2.0.0 OK",
                        Metadata = SentMails.Variables(id),
                    }
                )
            ),
        };

    private static EventPost Event(Guid id, string name) =>
        SendGrid.Write(
            [
                new ProviderEmulators.EmulatedEvent(
                    Guid.NewGuid().ToString("N"),
                    name,
                    "ann@example.com",
                    DateTimeOffset.UtcNow,
                    SentMails.Kept(id)
                ),
            ],
            forged: false
        );

    private static object MailgunEvent(Guid id) =>
        new Dictionary<string, object>
        {
            ["event"] = "delivered",
            ["id"] = "e1",
            ["timestamp"] = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0,
            ["delivery-status"] = new Dictionary<string, object> { ["message"] = "OK", ["enhanced-code"] = "2.0.0" },
            ["user-variables"] = SentMails.Variables(id),
        };

    private static EventPost MailgunPost(Guid id, bool forged = false) =>
        Mailgun.Sign(MailgunEvent(id), DateTimeOffset.UtcNow, MailgunWriter.NewToken(), forged);

    private static Task<long> CountAsync(TestLedger ledger, string what) =>
        ledger.ScalarAsync<long>($"SELECT count(*) FROM {what}");

    private static Task UntilReadAsync(TestLedger ledger) =>
        Eventually.EqualAsync(0L, () => CountAsync(ledger, "inbound_due"), "all requests read");
}
