using Gateway.Ledger;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Reading;

public sealed class MessageViewTests(TestCluster cluster)
{
    [Fact]
    public async Task A_message_shows_its_deliveries_attempts_and_events()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var id = await host.Mail.AcceptAsync(tenant, new() { Metadata = """{"order":"17"}""", Tags = ["a", "b"] });
        await host.Mail.ServeAsync(LedgerMail.Deferred, "first");

        using var client = host.Client(tenant);
        var message = await client.JsonAsync($"/v1/messages/{id}");
        Assert.Equal(
            ("deferred", "17", 2),
            (message.Text("state"), message["metadata"].Text("order"), message["size"]!.GetValue<int>())
        );
        var delivery = message.Items("deliveries").Single();
        Assert.Equal(("deferred", "path"), (delivery.Text("state"), delivery.Text("waiting_for")));
        Assert.InRange(
            delivery["next_attempt_at"]!.GetValue<DateTimeOffset>() - DateTimeOffset.UtcNow,
            TimeSpan.FromMinutes(4),
            TimeSpan.FromMinutes(6)
        );

        await host.Ledger.ExecuteAsync("UPDATE deliveries_due SET due_at = now()");
        await host.Mail.ServeAsync(LedgerMail.Sent, "second");
        message = await client.JsonAsync($"/v1/messages/{id}");
        delivery = message.Items("deliveries").Single();
        Assert.Equal(
            ("sent", "final", "second"),
            (delivery.Text("state"), delivery.Text("cause"), delivery.Text("path"))
        );
        Assert.Null(delivery["next_attempt_at"]);
        var attempts = delivery.Items("attempts");
        Assert.Equal(["first", "second"], attempts.Select(a => a.Text("path")));
        Assert.Equal(["RecipientTemporary", "Accepted"], attempts.Select(a => a.Text("outcome")));
        Assert.Equal("250 2.0.0 said the other side\r\nin two lines", attempts[1].Text("reply"));
        Assert.False(attempts[1]["late"]!.GetValue<bool>());

        var events = message.Items("events");
        Assert.Equal(["accepted", "sending", "deferred", "sending", "sent"], events.Select(e => e.Text("type")));
        Assert.Equal([1, 2, 3, 4, 5], events.Select(e => e["sequence"]!.GetValue<int>()));
        Assert.All(events, e => Assert.Equal(delivery.Id(), e.Id("delivery_id")));
        Assert.Equal("first", events[1]["data"].Text("path"));
    }

    [Fact]
    public async Task Unknown_malformed_and_anothers_are_one_answer()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var (mine, others) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        var foreign = await host.Mail.AcceptAsync(others);
        using var client = host.Client(mine);
        var expected = (
            await client.JsonAsync($"/v1/messages/{LedgerId.NewMessage(DateTimeOffset.UtcNow)}", 404)
        ).ToJsonString();
        // Of a day that has no partition, of another tenant, a delivery's, in another spelling, nonsense.
        Guid[] ids =
        [
            Guid.Empty,
            LedgerId.NewMessage(DateTimeOffset.UtcNow.AddYears(-5)),
            foreign,
            LedgerId.Delivery(foreign, 1),
        ];
        foreach (var id in ids.Select(i => i.ToString()).Append(foreign.ToString("N")).Append("1%20OR%201=1"))
        {
            Assert.Equal(expected, (await client.JsonAsync($"/v1/messages/{id}", 404)).ToJsonString());
            foreach (var verb in (string[])["cancel", "release", "resend"])
            {
                Assert.Equal(expected, (await client.PostAsync($"/v1/messages/{id}/{verb}", 404)).ToJsonString());
            }
        }

        using var owner = host.Client(others);
        Assert.Equal("queued", (await owner.JsonAsync($"/v1/messages/{foreign}")).Text("state"));
    }

    [Fact]
    public async Task While_the_database_is_away_readers_are_told_to_come_again()
    {
        await using var own = await TestCluster.StartPrivateAsync();
        await using var host = await ReadingHost.StartAsync(own);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        await client.JsonAsync("/v1/messages");
        var name = await host.Ledger.ScalarAsync<string>("SELECT current_database()");
        await own.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await own.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        foreach (
            var path in (string[])
                ["/v1/messages", "/v1/events", "/v1/sandbox/messages", $"/v1/messages/{Guid.NewGuid()}"]
        )
        {
            using var answer = await client.GetAsync(path);
            Assert.Equal(503, (int)answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        await own.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        await client.JsonAsync("/v1/messages");
    }
}
