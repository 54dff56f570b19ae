using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpClientTests
{
    private static readonly byte[] Message = "Subject: hello\r\n\r\n.hidden\r\nbye\r\n"u8.ToArray();

    internal static SmtpClientOptions To(int port) =>
        new()
        {
            Host = "localhost",
            Port = port,
            HelloName = "client.example",
            Tls = SmtpTls.None,
            Timeouts = SmtpTimeouts.All(TimeSpan.FromSeconds(10)),
        };

    internal static SmtpPath Path(string mailbox) =>
        SmtpPath.TryCreate(mailbox, out var path) ? path : throw new FormatException(mailbox);

    internal static SmtpEnvelope Envelope(params string[] recipients) =>
        new(Path("from@example.com"), [.. recipients.DefaultIfEmpty("to@example.org").Select(Path)]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_arrives_with_each_leading_dot_doubled(bool pipelining)
    {
        await using var server = new SmtpScriptServer();
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port) with { Pipelining = pipelining });

        var sent = await client.SendAsync(Envelope(), Message);

        Assert.True(sent.Accepted, sent.Detail);
        Assert.Equal("250 2.0.0 kept", sent.Reply!.ToString());
        Assert.Equal(
            "Subject: hello\r\n\r\n..hidden\r\nbye\r\n",
            Encoding.UTF8.GetString(server.Mails.Single().Content)
        );
        Assert.Equal(
            [
                "EHLO client.example",
                $"MAIL FROM:<from@example.com> SIZE={Message.Length}",
                "RCPT TO:<to@example.org>",
                "DATA",
            ],
            server.Commands
        );
    }

    [Fact]
    public async Task The_next_envelope_travels_with_the_end_of_the_message_before()
    {
        await using var server = new SmtpScriptServer();
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        var messages = Enumerable
            .Range(0, 20)
            .Select(i => new SmtpSubmission(
                Envelope($"to{i}@example.org"),
                new(Encoding.ASCII.GetBytes($"n: {i}\r\n\r\n"))
            ))
            .ToList();

        var sent = await client.SendManyAsync(messages);

        Assert.All(sent, s => Assert.True(s.Accepted, s.Detail));
        Assert.Equal(20, server.Mails.Count);
        Assert.All(
            server.Mails.Index(),
            m => Assert.Equal($"n: {m.Index}\r\n\r\n", Encoding.ASCII.GetString(m.Item.Content))
        );
        Assert.Equal(20, client.ExchangeCount);
        Assert.True(client.IsReusable);
    }

    [Fact]
    public async Task A_refusal_in_the_middle_of_announced_messages_touches_only_its_own()
    {
        await using var server = new SmtpScriptServer(
            new SmtpScript { On = (step, n) => step == "RCPT" && n == 2 ? "550 5.1.1 no such user" : null }
        );
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        var messages = Enumerable.Range(0, 4).Select(_ => new SmtpSubmission(Envelope(), new(Message))).ToList();

        var sent = await client.SendManyAsync(messages);

        Assert.Equal([true, false, true, true], sent.Select(s => s.Accepted));
        Assert.Equal(SmtpPhase.RcptTo, sent[1].Phase);
        Assert.Equal(Outcome.RecipientPermanent, SmtpClassifier.Classify(sent[1], SmtpHop.RemoteMx).Outcome);
        // The script answers 354 although nobody is to receive: the lone dot ends that empty message.
        Assert.Equal(3, server.Mails.Count(m => m.Content.Length > 0));
    }

    [Fact]
    public async Task Each_recipient_has_its_own_reply()
    {
        await using var server = new SmtpScriptServer(
            new SmtpScript { On = (step, n) => step == "RCPT" && n == 2 ? "550 5.1.1 no such user" : null }
        );
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));

        var sent = await client.SendAsync(Envelope("a@example.org", "b@example.org", "c@example.org"), Message);

        Assert.True(sent.Accepted);
        Assert.Equal([250, 550, 250], sent.Recipients.Select(r => r.Code));
        Assert.Equal(Outcome.Accepted, SmtpClassifier.Classify(sent, SmtpHop.RemoteMx, recipient: 0).Outcome);
        Assert.Equal(Outcome.RecipientPermanent, SmtpClassifier.Classify(sent, SmtpHop.RemoteMx, recipient: 1).Outcome);
    }

    [Theory]
    [InlineData("MAIL", SmtpPhase.MailFrom)]
    [InlineData("RCPT", SmtpPhase.RcptTo)]
    [InlineData("DATA", SmtpPhase.Data)]
    [InlineData(".", SmtpPhase.FinalDot)]
    public async Task A_refusal_names_its_phase_and_the_connection_goes_on(string step, SmtpPhase phase)
    {
        foreach (var pipelining in (bool[])[true, false])
        {
            var script = new SmtpScript { On = (at, n) => at == step && n == 1 ? "550 5.7.1 no" : null };
            await using var server = new SmtpScriptServer(script);
            await using var client = await SmtpConnection.ConnectAsync(
                To(server.Port) with
                {
                    Pipelining = pipelining,
                }
            );

            var refused = await client.SendAsync(Envelope(), Message);
            var second = await client.SendAsync(Envelope(), Message);

            Assert.Equal((phase, SmtpFailureKind.Refused), (refused.Phase, refused.Failure));
            Assert.Equal("550 5.7.1 no", refused.Reply!.ToString());
            Assert.False(refused.MayHaveBeenAccepted);
            Assert.True(second.Accepted, second.Detail);
        }
    }

    [Theory]
    [InlineData("MAIL", false)]
    [InlineData("RCPT", false)]
    [InlineData("DATA", false)]
    [InlineData(".", true)]
    public async Task Only_silence_after_the_final_dot_may_mean_accepted(string step, bool maybe)
    {
        SmtpAct[] acts = [new SmtpAct.Reset(), new SmtpAct.Close(), new SmtpAct.Silence(), SmtpAct.Half("250 o")];
        foreach (var act in acts)
        {
            await using var server = new SmtpScriptServer(SmtpScript.At(step, act));
            var options = To(server.Port) with { Timeouts = SmtpTimeouts.All(TimeSpan.FromMilliseconds(300)) };
            await using var client = await SmtpConnection.ConnectAsync(options);

            var sent = await client.SendAsync(Envelope(), Message);

            Assert.False(sent.Accepted);
            Assert.Equal(maybe, sent.MayHaveBeenAccepted);
            Assert.False(client.IsReusable);
            var again = await client.SendAsync(Envelope(), Message);
            Assert.Equal((SmtpFailureKind.Closed, false), (again.Failure, again.MayHaveBeenAccepted));
        }
    }

    [Fact]
    public async Task A_421_closes_whatever_was_asked()
    {
        await using var server = new SmtpScriptServer(SmtpScript.At("RCPT", "421 4.3.2 shutting down"));
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));

        var sent = await client.SendAsync(Envelope(), Message);

        Assert.Equal((SmtpPhase.RcptTo, 421), (sent.Phase, sent.Reply!.Code));
        Assert.False(client.IsReusable);
    }

    [Fact]
    public async Task A_refusal_in_the_middle_of_content_is_heard()
    {
        var act = new SmtpAct.Both("552 5.3.4 too much", new SmtpAct.Close());
        await using var server = new SmtpScriptServer(SmtpScript.At("content", act));
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));

        var sent = await client.SendAsync(Envelope(), new byte[9_000_000]);

        Assert.False(sent.Accepted);
        Assert.False(client.IsReusable);
        // The reset may outrun the reply; when it was read, it is the answer.
        Assert.True(sent.Reply is null || sent.Reply.Code == 552);
    }

    [Fact]
    public async Task What_is_not_offered_is_refused_before_a_byte_is_sent()
    {
        await using var server = new SmtpScriptServer(new SmtpScript { Extensions = ["SIZE 1000"] });
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));

        var utf8 = await client.SendAsync(Envelope("jörg@example.org"), Message);
        var eight = await client.SendAsync(
            new(Path("a@b.example"), [Path("c@d.example")]) { Needs8BitMime = true },
            Message
        );
        var large = await client.SendAsync(Envelope(), new byte[1001]);

        Assert.Equal(SmtpFailureKind.Capability, utf8.Failure);
        Assert.Equal(SmtpFailureKind.Capability, eight.Failure);
        Assert.Equal(SmtpFailureKind.TooLarge, large.Failure);
        Assert.Equal("capability", SmtpClassifier.Classify(utf8, SmtpHop.RemoteMx).Rule);
        Assert.Single(server.Commands);
        Assert.True((await client.SendAsync(Envelope(), Message)).Accepted);
    }

    [Fact]
    public async Task Giving_up_is_a_verdict_too()
    {
        await using var server = new SmtpScriptServer(SmtpScript.At(".", new SmtpAct.Silence()));
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        var sent = await client.SendAsync(Envelope(), Message, limit.Token);

        Assert.Equal((SmtpFailureKind.Canceled, true), (sent.Failure, sent.MayHaveBeenAccepted));
    }

    [Fact]
    public async Task Whoever_waits_sees_that_only_the_answer_is_missing()
    {
        await using var server = new SmtpScriptServer(SmtpScript.At(".", new SmtpAct.Silence()));
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        using var stop = new CancellationTokenSource();

        var sending = client.SendAsync(Envelope(), Message, stop.Token);
        while (client.Phase != SmtpPhase.FinalDot)
        {
            Assert.False(sending.IsCompleted);
            await Task.Yield();
        }

        await stop.CancelAsync();
        Assert.True((await sending).MayHaveBeenAccepted);
    }

    [Fact]
    public async Task An_announced_envelope_whose_message_turns_out_too_large_ends_the_connection()
    {
        await using var server = new SmtpScriptServer(new SmtpScript { Extensions = ["PIPELINING", "SIZE 1000"] });
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        List<SmtpSubmission> messages = [new(Envelope(), new(Message)), new(Envelope(), new(new byte[2000]))];

        var sent = await client.SendManyAsync(messages);

        Assert.True(sent[0].Accepted);
        Assert.Equal((SmtpFailureKind.TooLarge, false), (sent[1].Failure, sent[1].MayHaveBeenAccepted));
        Assert.False(client.IsReusable);
        Assert.Single(server.Mails);
    }

    [Fact]
    public async Task Only_the_announced_envelope_may_follow()
    {
        await using var server = new SmtpScriptServer();
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        var next = Envelope();
        Assert.True((await client.SendAsync(new SmtpSubmission(Envelope(), new(Message)), next)).Accepted);
        Assert.Same(next, client.Announced);
        Assert.False(client.IsReusable);
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.SendAsync(Envelope(), Message));
        Assert.True((await client.SendAsync(next, Message)).Accepted);
        Assert.True(client.IsReusable);
    }

    [Fact]
    public async Task A_connection_lost_with_the_announced_envelope_leaves_that_message_unsent_for_certain()
    {
        var act = new SmtpAct.Both("250 2.0.0 kept", new SmtpAct.Reset());
        await using var server = new SmtpScriptServer(SmtpScript.At(".", act));
        await using var client = await SmtpConnection.ConnectAsync(To(server.Port));
        var messages = Enumerable.Range(0, 3).Select(_ => new SmtpSubmission(Envelope(), new(Message))).ToList();

        var sent = await client.SendManyAsync(messages);

        // The reset may overtake the 250: then the first is unknown. The others were never sent, in either case.
        Assert.True(sent[0].Accepted || sent[0].MayHaveBeenAccepted);
        Assert.All(
            sent.Skip(1),
            s => Assert.Equal((SmtpFailureKind.Closed, false), (s.Failure, s.MayHaveBeenAccepted))
        );
        Assert.Single(server.Mails);
    }

    [Fact]
    public async Task Nobody_there_is_a_failure_to_connect()
    {
        var port = PeerProgram.FreePort();
        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(To(port)));
        Assert.Equal((SmtpPhase.Connect, SmtpFailureKind.ConnectRefused), (failure.Phase, failure.Kind));
        Assert.Equal(Outcome.PathDown, SmtpClassifier.Classify(failure, SmtpHop.SubmissionRelay).Outcome);
    }

    [Fact]
    public async Task A_name_without_address_is_a_dns_failure()
    {
        var options = To(25) with { Host = "nobody.invalid" };
        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));
        Assert.Equal(SmtpFailureKind.Dns, failure.Kind);
    }

    [Fact]
    public async Task Quit_and_reset_are_polite()
    {
        await using var server = new SmtpScriptServer();
        var client = await SmtpConnection.ConnectAsync(To(server.Port));
        Assert.True(await client.ResetAsync());
        await client.QuitAsync();
        Assert.Equal(["EHLO client.example", "RSET", "QUIT"], server.Commands);
        Assert.False(client.IsReusable);
    }
}
