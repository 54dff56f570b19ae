using System.Text;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.BouncesByMail;

/// <summary>What the bounce domain's server takes: mail for addresses that we made, and nothing else.</summary>
public sealed class BounceServerTests(TestCluster cluster)
{
    [Fact]
    public async Task Forged_and_foreign_addresses_are_refused_while_their_sender_listens_and_change_nothing()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        var (bounce, leave) = (host.Addresses.Bounce(delivery, 1), host.Addresses.Unsubscribe(delivery));
        var local = bounce[..bounce.IndexOf('@', StringComparison.Ordinal)];
        List<string> forged =
        [
            // Postmaster has other domains too, and there is no other name without one.
            "postmaster@example.net",
            $"postmaster@sub.{ReturnHost.Domain}",
            $"postmaster+x@{ReturnHost.Domain}",
            $"fbl@{ReturnHost.Domain}",
            $"ann@{ReturnHost.Domain}",
            "ann@example.net",
            $"{local}@example.net",
            $"{local}@sub.{ReturnHost.Domain}",
            $"unsubscribe@{ReturnHost.Domain}",
            // Made for the one purpose, used for the other.
            $"unsubscribe+{local}@{ReturnHost.Domain}",
            leave["unsubscribe+".Length..],
            $"{local}%example.net@{ReturnHost.Domain}",
            $"\"{local}@example.net\"@{ReturnHost.Domain}",
        ];
        foreach (var own in (string[])[bounce, leave])
        {
            // Every single letter of the token.
            var start = own.IndexOf("b-", StringComparison.Ordinal) + 2;
            for (var at = start; own[at] != '@'; at++)
            {
                forged.Add(own[..at] + (own[at] == 'a' ? 'b' : 'a') + own[(at + 1)..]);
            }
        }

        foreach (var address in forged)
        {
            // Who guesses is closed after some tries: each has a connection of its own.
            await using var talk = await host.TalkAsync();
            await talk.Ask("MAIL FROM:<>");
            var reply = await talk.Ask($"RCPT TO:<{address}>");
            Assert.True(
                reply!.StartsWith("550 5.1.1", StringComparison.Ordinal)
                    || reply.StartsWith("553", StringComparison.Ordinal),
                $"{address}: {reply}"
            );
            Assert.StartsWith("554 5.5.1", await talk.Ask("DATA"), StringComparison.Ordinal);
        }

        Assert.True(forged.Count > 100);
        Assert.Equal(0, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_mail"));
        Assert.Equal("sent final |", await host.StateAsync(delivery));
    }

    [Fact]
    public async Task Our_addresses_are_taken_in_any_case_with_a_sender_and_without()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        await using var talk = await host.TalkAsync();
        foreach (var from in (string[])["", "ann@example.net"])
        {
            foreach (var to in (string[])[host.Addresses.Bounce(delivery, 1), host.Addresses.Unsubscribe(delivery)])
            {
                await talk.Ask($"MAIL FROM:<{from}>");
                Assert.StartsWith(
                    "250",
                    await talk.Ask($"RCPT TO:<{to.ToUpperInvariant()}>"),
                    StringComparison.Ordinal
                );
                await talk.Ask("RSET");
            }
        }
    }

    [Fact]
    public async Task No_login_is_offered_and_no_fake_end_lets_a_second_mail_in()
    {
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        await using var talk = await host.TalkAsync();
        Assert.DoesNotContain("AUTH", await talk.Ask("EHLO mx.example.net"), StringComparison.Ordinal);
        Assert.StartsWith("538", await talk.Ask("AUTH PLAIN AGEAYg=="), StringComparison.Ordinal);
        await talk.Ask("MAIL FROM:<>");
        await talk.Ask($"RCPT TO:<{host.Addresses.Bounce(delivery, 1)}>");
        await talk.Ask("DATA");
        await talk.Send(Encoding.ASCII.GetBytes("Subject: x\r\n\r\nx\n.\nMAIL FROM:<>\r\n"));
        Assert.StartsWith("554 5.6.0", Assert.Single(await talk.HearAll()), StringComparison.Ordinal);
        Assert.Equal(0, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_mail"));
    }

    [Fact]
    public async Task Too_large_too_fast_and_too_many_are_told_and_come_again_where_it_is_temporary()
    {
        await using var host = await ReturnHost.StartAsync(
            cluster,
            ("Gateway:Inbound:MaxMessage", "20000"),
            ("Gateway:Inbound:KeptBytes", "1000"),
            ("Gateway:Inbound:MailsPerMinute", "3"),
            ("Gateway:Inbound:ConnectionsPerAddress", "2")
        );
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        var to = host.Addresses.Bounce(delivery, 1);
        await using var talk = await host.TalkAsync();
        Assert.StartsWith("552", await talk.Ask("MAIL FROM:<> SIZE=30000"), StringComparison.Ordinal);
        var large = Reports.Person + "\r\n\r\n" + string.Concat(Enumerable.Repeat("0123456789\r\n", 1_000));
        Assert.StartsWith("250", await ReturnHost.BringAsync(talk, "", to, large), StringComparison.Ordinal);
        Assert.Equal(
            "1000 true",
            await host.Ledger.ScalarAsync<string>(
                "SELECT length(content) || ' ' || (size_bytes > 12000) FROM inbound_mail"
            )
        );

        Assert.StartsWith("250", await ReturnHost.BringAsync(talk, "", to, "x"), StringComparison.Ordinal);
        Assert.StartsWith("250", await ReturnHost.BringAsync(talk, "", to, "y"), StringComparison.Ordinal);
        Assert.StartsWith("451 4.7.1", await ReturnHost.BringAsync(talk, "", to, "z"), StringComparison.Ordinal);

        await using var second = await host.TalkAsync();
        await using var third = new Gateway.Mail.Tests.Smtp.Peers.SmtpTalk(await ConnectAsync(host.Port));
        Assert.StartsWith("421", await third.Hear(), StringComparison.Ordinal);
    }

    private static async Task<Stream> ConnectAsync(int port)
    {
        var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, port);
        return socket.GetStream();
    }
}
