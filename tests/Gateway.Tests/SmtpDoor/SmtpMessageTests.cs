using System.Text;
using System.Text.Json;
using Gateway.Tests.Cluster;
using Gateway.Tests.Doors;
using Gateway.Tests.Running;

namespace Gateway.Tests.SmtpDoor;

/// <summary>What becomes of a message that comes by SMTP.</summary>
[Collection(DoorCollection.Name)]
public sealed class SmtpMessageTests(DoorGateway gateway)
{
    private int Port => gateway.Gateway.SmtpPort();

    [Fact]
    public async Task The_250_carries_the_id_of_a_message_that_is_in_the_ledger()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await using var talk = await DoorTalk.LoggedInAsync(Port, tenant);

        var reply = await talk.SendAsync(
            $"b@{tenant.Domain}",
            "ann@example.net,Ann@Example.NET,bob@example.net",
            Mail(tenant)
        );

        var id = DoorTalk.IdIn(reply);
        var row = await gateway.Ledger.ScalarAsync<string>(
            "SELECT concat_ws(' ', door, stream, subject, from_address) FROM messages WHERE message_id = @id",
            new { id }
        );
        Assert.Equal($"smtp transactional Hello hello@{tenant.Domain}", row);
        var recipients = await gateway.Ledger.QueryAsync<string>(
            "SELECT recipient FROM deliveries WHERE message_id = @id ORDER BY recipient",
            new { id }
        );
        Assert.Equal(["ann@example.net", "bob@example.net"], recipients);
    }

    [Fact]
    public async Task Fields_of_ours_are_read_and_taken_out_and_all_else_leaves_as_it_came()
    {
        var recorder = gateway.Recorder;
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var to = $"fields-{Guid.NewGuid():N}@example.net";
        await using var talk = await DoorTalk.LoggedInAsync(Port, tenant);
        var kept = $"""
            Date: Sat, 21 Nov 2026 10:00:00 +0000
            Message-ID: <kept@{tenant.Domain}>
            From: hello@{tenant.Domain}
            To:   undisclosed   recipients:;
            Subject: A   strange
             folding
            X-Other: kept
            """;
        var body = "\n\n.leading dot\n..two\n\ttab, trailing blank \n\nend\n";

        var reply = await talk.SendAsync(
            $"b@{tenant.Domain}",
            to,
            $$"""
            X-Gateway-Tag: welcome, second
            x-gateway-tag: third
            X-Gateway-Metadata: {"order":"17","who":"J\u00f6rg"}
            X-Gateway-Metadata: plain=a=b
            X-Gateway-Stream: broadcast
            X-Gateway-Track: clicks
            X-Gateway-Unknown: goes too
            """
                + "\n"
                + kept
                + body.Replace("\n.", "\n..", StringComparison.Ordinal)
        );

        var id = DoorTalk.IdIn(reply);
        var row = await gateway.Ledger.ScalarAsync<string>(
            "SELECT json_build_array(stream, tags, metadata, track_opens, track_clicks)::text FROM messages WHERE message_id = @id",
            new { id }
        );
        using var json = JsonDocument.Parse(row);
        Assert.Equal("broadcast", json.RootElement[0].GetString());
        Assert.Equal(["welcome", "second", "third"], json.RootElement[1].EnumerateArray().Select(t => t.GetString()));
        Assert.Equal("17", json.RootElement[2].GetProperty("order").GetString());
        Assert.Equal("Jörg", json.RootElement[2].GetProperty("who").GetString());
        Assert.Equal("a=b", json.RootElement[2].GetProperty("plain").GetString());
        Assert.Equal((false, true), (json.RootElement[3].GetBoolean(), json.RootElement[4].GetBoolean()));

        await Eventually.TrueAsync(() => Task.FromResult(recorder.For(to).Count == 1), "the mail at the next hop");
        var arrived = Encoding.UTF8.GetString(recorder.For(to)[0].Bytes);
        Assert.DoesNotContain("gateway-", arrived, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith((kept + body).ReplaceLineEndings("\r\n") + "\r\n", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_idempotency_key_with_the_same_message_is_the_same_message()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await using var talk = await DoorTalk.LoggedInAsync(Port, tenant);
        var (from, mail) = ($"b@{tenant.Domain}", "X-Gateway-Idempotency-Key: once-1\n" + Mail(tenant));

        var first = DoorTalk.IdIn(await talk.SendAsync(from, "ann@example.net", mail));
        Assert.Equal(first, DoorTalk.IdIn(await talk.SendAsync(from, "ann@example.net", mail)));

        var other = await talk.SendAsync(from, "ann@example.net", mail + "more\n");
        Assert.StartsWith("554 5.6.0 Idempotency-Key is 'once-1'", other, StringComparison.Ordinal);
        var count = "SELECT count(*) FROM messages WHERE tenant_id = @Id";
        Assert.Equal(1, await gateway.Ledger.ScalarAsync<long>(count, new { tenant.Id }));
    }

    [Fact]
    public async Task An_international_local_part_is_553_5_6_7_where_no_path_takes_it_and_goes_to_the_sandbox()
    {
        var (live, test) = (
            await gateway.Ledger.CreateTenantAsync(),
            await gateway.Ledger.CreateTenantAsync(mode: "test")
        );
        await using var talk = await DoorTalk.LoggedInAsync(Port, live);
        _ = gateway.Recorder; // the route is the relay only where it is installed
        var refused = await talk.SendAsync($"b@{live.Domain}", "jörg@example.net", Mail(live));
        Assert.StartsWith("553 5.6.7", refused, StringComparison.Ordinal);
        Assert.StartsWith(
            "250",
            await talk.SendAsync($"b@{live.Domain}", "ann@müller.example", Mail(live)),
            StringComparison.Ordinal
        );

        await using var sandbox = await DoorTalk.LoggedInAsync(Port, test);
        var taken = await sandbox.SendAsync($"b@{test.Domain}", "jörg@example.net", Mail(test));
        Assert.StartsWith("250", taken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_stream_is_450_and_the_other_one_flows()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync(
            """
            INSERT INTO lanes (tenant_id, stream, active) VALUES (@Id, 'broadcast', false)
            ON CONFLICT (tenant_id, stream) DO UPDATE SET active = false
            """,
            new { tenant.Id }
        );
        await using var talk = await DoorTalk.LoggedInAsync(Port, tenant);
        var paused = await talk.SendAsync(
            $"b@{tenant.Domain}",
            "ann@example.net",
            "X-Gateway-Stream: broadcast\n" + Mail(tenant)
        );
        Assert.StartsWith("450 4.7.1", paused, StringComparison.Ordinal);
        Assert.StartsWith(
            "250",
            await talk.SendAsync($"b@{tenant.Domain}", "ann@example.net", Mail(tenant)),
            StringComparison.Ordinal
        );
    }

    internal static string Mail(TestTenant tenant) =>
        $"From: Hello <hello@{tenant.Domain}>\nTo: ann@example.net\nSubject: Hello\n\nHello.\n";
}
