using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

/// <summary>Our client against servers that others wrote.</summary>
public sealed class SmtpClientPeerTests
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes(
        "From: a@example.com\r\nTo: b@example.org\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <x@example.com>\r\n"
            + "Subject: peer\r\n\r\n.\r\n..\r\n.x\r\nümlaut\r\n"
    );

    [Fact]
    public async Task Postfix_smtp_sink_takes_100_in_one_session()
    {
        var port = PeerProgram.FreePort();
        var sink = PeerProgram.Find("smtp-sink", "postfix");
        await using var peer = PeerProgram.Start(sink, "-u", Environment.UserName, $"127.0.0.1:{port}", "50");
        await peer.Listens(port);
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(port));
        Assert.True(client.Extensions.Pipelining);

        var sent = await client.SendManyAsync([.. Enumerable.Range(0, 100).Select(_ => Submission())]);

        Assert.All(sent, s => Assert.True(s.Accepted, s.Detail));
    }

    [Theory]
    [InlineData(SmtpTls.None)]
    [InlineData(SmtpTls.StartTls)]
    public async Task Postfix_takes_ours_and_hands_it_to_our_session_unchanged(SmtpTls tls)
    {
        await using var host = new SessionHost();
        await using var postfix = await PrivatePostfix.Start(host.Port);
        var options = SmtpClientTests.To(postfix.Port) with
        {
            Tls = tls,
            Certificates = CertificatePolicy.Pinned(TestCertificate.Sha256),
        };
        await using var client = await SmtpConnection.ConnectAsync(options);

        var sent = await client.SendManyAsync([.. Enumerable.Range(0, 20).Select(_ => Submission())]);

        Assert.All(sent, s => Assert.True(s.Accepted, s.Detail));
        Assert.All(
            sent,
            s => Assert.StartsWith("250 2.0.0 Ok: queued as", s.Reply!.ToString(), StringComparison.Ordinal)
        );
        await Arrive(host, 20, postfix.Log);
        // Postfix puts its trace fields before ours; what we wrote follows byte by byte.
        Assert.All(host.Record.Messages, m => Assert.True(m.Content.AsSpan().EndsWith(Message)));
        Assert.Equal(tls != SmtpTls.None, client.IsSecured);
    }

    [Fact]
    public async Task Postfix_refuses_by_recipient_and_takes_UTF8()
    {
        await using var host = new SessionHost();
        await using var postfix = await PrivatePostfix.Start(host.Port);
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(postfix.Port));

        var refused = await client.SendAsync(SmtpClientTests.Envelope("nobody@example.org"), Message);
        var international = await client.SendAsync(SmtpClientTests.Envelope("jörg@example.org"), Message);

        Assert.Equal((SmtpPhase.RcptTo, SmtpFailureKind.Refused), (refused.Phase, refused.Failure));
        Assert.True(international.Accepted, international.Detail);
        await Arrive(host, 1, postfix.Log);
        Assert.Equal("jörg@example.org", host.Record.Messages.Single().Recipients.Single().ToString());
    }

    [Fact]
    public async Task Aiosmtpd_takes_ours_without_pipelining()
    {
        if (!File.Exists("/usr/lib/python3/dist-packages/aiosmtpd/__init__.py"))
        {
            PeerProgram.Find("python3-aiosmtpd", "python3-aiosmtpd");
        }

        var port = PeerProgram.FreePort();
        string[] arguments =
        [
            "-m",
            "aiosmtpd",
            "-n",
            "-u",
            "-c",
            "aiosmtpd.handlers.Debugging",
            "-l",
            $"127.0.0.1:{port}",
        ];
        await using var peer = PeerProgram.Start("/usr/bin/python3", arguments);
        await peer.Listens(port);
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(port));
        Assert.False(client.Extensions.Pipelining);

        for (var i = 0; i < 5; i++)
        {
            var sent = await client.SendAsync(SmtpClientTests.Envelope(), Message);
            Assert.True(sent.Accepted, sent.Detail);
        }

        await client.QuitAsync();
    }

    private static SmtpSubmission Submission() =>
        new(
            new SmtpEnvelope(SmtpClientTests.Path("a@example.com"), SmtpClientTests.Path("b@example.org"))
            {
                Needs8BitMime = true,
                Size = Message.Length,
            },
            new(Message)
        );

    private static async Task Arrive(SessionHost host, int count, string log)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (host.Record.Messages.Count < count)
        {
            if (limit.IsCancellationRequested)
            {
                Assert.Fail($"{host.Record.Messages.Count} of {count} arrived\n{await File.ReadAllTextAsync(log)}");
            }

            await Task.Delay(20);
        }
    }
}
