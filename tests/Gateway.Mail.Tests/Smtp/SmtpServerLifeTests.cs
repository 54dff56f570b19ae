using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Attacks;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpServerLifeTests
{
    [Fact]
    public async Task A_stop_is_said_as_421()
    {
        await using var host = new SessionHost();
        await using var talk = await host.Talk();
        await talk.Hear();
        await host.Stop();
        Assert.Equal(["421 4.3.2 Shutting down"], await talk.HearAll());
    }

    [Fact]
    public async Task The_third_failed_login_ends_the_session()
    {
        await using var host = new SessionHost(SessionHost.Open with { RequireAuth = true });
        await using var talk = await host.Talk();
        await talk.Hear();
        await talk.Ask("EHLO client.example");
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("535 5.7.8", await talk.Ask(Login("wrong")), StringComparison.Ordinal);
        }

        Assert.Equal(["421 4.7.0 Too many failed logins"], await talk.HearAll());
    }

    [Fact]
    public async Task Logins_that_are_only_put_off_are_bounded_as_well()
    {
        await using var host = new SessionHost(SessionHost.Open with { RequireAuth = true }, new BusyPolicy());
        await using var talk = await host.Talk();
        await talk.Hear();
        await talk.Ask("EHLO client.example");
        for (var i = 0; i < 10; i++)
        {
            Assert.StartsWith("454 4.7.0", await talk.Ask(Login("secret")), StringComparison.Ordinal);
        }

        Assert.Equal(["421 4.7.0 Too many failed logins"], await talk.HearAll());
    }

    [Fact]
    public async Task Who_never_logs_in_is_left_however_much_he_says()
    {
        var options = SessionHost.Open with { RequireAuth = true, LoginWithin = TimeSpan.FromMilliseconds(300) };
        await using var host = new SessionHost(options);
        await using var talk = await host.Talk();
        var hearing = talk.HearAll();
        for (var i = 0; i < 1000 && !hearing.IsCompleted; i++)
        {
            try
            {
                await talk.Say("NOOP");
            }
            catch (IOException) { } // left already

            await Task.WhenAny(hearing, Task.Delay(20));
        }

        Assert.Equal("421 4.4.2 Timeout", (await hearing)[^1]);
    }

    [Fact]
    public async Task Too_much_content_at_once_is_452_and_the_session_goes_on()
    {
        var budget = new ContentBudget(64 * 1024);
        await using var host = new SessionHost(SessionHost.Open with { Budget = budget });
        await using var talk = await A01InboundSmugglingTests.Ready(host);
        Assert.True(budget.TryTake(60 * 1024));
        await talk.Send("Subject: x\r\n\r\nx\r\n.\r\n"u8.ToArray());
        Assert.StartsWith("452 4.3.1", await talk.Hear(), StringComparison.Ordinal);
        budget.Return(60 * 1024);
        foreach (var command in new[] { "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>", "DATA" })
        {
            await talk.Ask(command);
        }

        await talk.Send("Subject: x\r\n\r\nx\r\n.\r\n"u8.ToArray());
        Assert.StartsWith("250", await talk.Hear(), StringComparison.Ordinal);
        Assert.Single(host.Record.Messages);
        Assert.Equal("221 2.0.0 Bye", await talk.Ask("QUIT"));
        Assert.Equal(0, budget.Taken);
    }

    private static string Login(string secret) =>
        "AUTH PLAIN " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"\0user\0{secret}"));

    [Fact]
    public async Task Content_without_its_end_is_no_message()
    {
        await using var host = new SessionHost();
        await using var talk = await A01InboundSmugglingTests.Ready(host);
        await talk.Send("Subject: x\r\n\r\nhalf\r\n."u8.ToArray());
        talk.Finish();
        Assert.Empty(await talk.HearAll());
        Assert.Empty(host.Record.Messages);
    }

    [Fact]
    public async Task Content_that_stands_still_is_left_with_421()
    {
        var options = SessionHost.Open with { ContentTimeout = TimeSpan.FromMilliseconds(150) };
        await using var host = new SessionHost(options);
        await using var talk = await A01InboundSmugglingTests.Ready(host);
        await talk.Send("Subject"u8.ToArray());
        Assert.Equal(["421 4.4.2 Timeout"], await talk.HearAll());
    }

    [Fact]
    public async Task Content_that_drips_is_left_with_421()
    {
        await using var host = new SessionHost(
            SessionHost.Open with
            {
                MaxContentTime = TimeSpan.FromMilliseconds(300),
            }
        );
        await using var talk = await A01InboundSmugglingTests.Ready(host);
        var hearing = talk.HearAll();
        for (var i = 0; i < 1000 && !hearing.IsCompleted; i++)
        {
            try
            {
                await talk.Send("x\r\n"u8.ToArray());
            }
            catch (IOException) { } // left already

            await Task.WhenAny(hearing, Task.Delay(20));
        }

        Assert.Equal(["421 4.4.2 Timeout"], await hearing);
    }

    [Fact]
    public async Task A_login_put_off_for_our_own_trouble_costs_the_peer_nothing()
    {
        var options = SessionHost.Open with { MaxErrors = 1 };
        await using var host = new SessionHost(options, new BusyPolicy());
        await using var talk = await host.Talk();
        await talk.Hear();
        await talk.Ask("EHLO x");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("454 4.7.0 Busy", await talk.Ask("AUTH PLAIN AHVzZXIAc2VjcmV0"));
        }
    }

    [Fact]
    public async Task Content_far_beyond_SIZE_is_left_before_its_end()
    {
        await using var host = new SessionHost(SessionHost.Open with { MaxMessage = 1000 });
        await using var talk = await A01InboundSmugglingTests.Ready(host);
        var block = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 640)));
        try
        {
            for (var i = 0; i < 40; i++)
            {
                await talk.Send(block);
            }
        }
        catch (IOException) { } // it does not listen for ever

        var replies = await talk.HearAll();
        Assert.True(
            replies.Count == 0 || replies is ["552 5.3.4 Message is larger than SIZE"],
            string.Join('|', replies)
        );
        Assert.Empty(host.Record.Messages);
    }

    [Fact]
    public async Task A_policys_fault_is_temporary_and_told_to_the_policy_only()
    {
        var policy = new FaultyPolicy();
        await using var host = new SessionHost(SessionHost.Open, policy);
        await using var talk = await A01InboundSmugglingTests.Ready(host);
        await talk.Send("a: b\r\n\r\n.\r\n"u8.ToArray());
        Assert.Equal("451 4.3.0 Try again later", await talk.Hear());
        Assert.Equal("the secret reason", policy.Fault?.Message);
        Assert.StartsWith("250", await talk.Ask("MAIL FROM:<a@example.com>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_has_only_so_many_commands()
    {
        await using var host = new SessionHost(SessionHost.Open with { MaxCommands = 3 });
        await using var talk = await host.Talk();
        await talk.Send("NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n"u8.ToArray());
        var replies = await talk.HearAll();
        Assert.Equal(["220", "250", "250", "250", "421"], replies.Select(r => r[..3]));
    }

    [Fact]
    public async Task A_reply_of_the_policy_cannot_break_its_line()
    {
        await using var host = new SessionHost(SessionHost.Open, new TalkativePolicy());
        await using var talk = await host.Talk();
        await talk.Hear();
        await talk.Ask("EHLO x");
        var reply = await talk.Ask("MAIL FROM:<a@example.com>");
        Assert.Equal($"550-5.7.1 one??250 two\n550 5.7.1 {new string('x', 480)}", reply);
    }

    private sealed class FaultyPolicy : SmtpServerPolicy
    {
        public Exception? Fault { get; private set; }

        public override ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel) =>
            throw new InvalidOperationException("the secret reason");

        public override void OnFault(SmtpPeer peer, Exception fault) => Fault = fault;
    }

    private sealed class BusyPolicy : SmtpServerPolicy
    {
        public override ValueTask<SmtpReply?> OnAuth(SmtpPeer peer, SmtpLogin login, CancellationToken cancel) =>
            new(SmtpReply.Of(454, "4.7.0 Busy"));

        public override ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel) =>
            new(SmtpReply.Of(250, "2.0.0 kept"));
    }

    private sealed class TalkativePolicy : SmtpServerPolicy
    {
        public override ValueTask<SmtpReply?> OnMailFrom(SmtpPeer peer, SmtpSender sender, CancellationToken cancel) =>
            new(SmtpReply.Of(550, $"5.7.1 one\rö250 two\n{new string('x', 1000)}"));

        public override ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel) =>
            new(SmtpReply.Of(250, "2.0.0 kept"));
    }
}
