using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp.Attacks;

/// <summary>A3: what was said in clear is never heard as if it had come protected.</summary>
public sealed class A03StartTlsCommandTests
{
    [Theory]
    [InlineData("STARTTLS\r\nRSET\r\n")]
    [InlineData("STARTTLS\r\nEHLO x\r\nAUTH PLAIN AGEAYg==\r\n")]
    [InlineData("STARTTLS\r\nM")]
    public async Task A_command_in_one_segment_with_STARTTLS_is_never_answered(string segment)
    {
        await using var host = new SessionHost(SessionHost.Secured);
        await using var talk = await Greeted(host);
        await talk.Send(System.Text.Encoding.ASCII.GetBytes(segment));
        var replies = await talk.HearAll();
        Assert.Equal(["554 5.5.0 Nothing may follow STARTTLS"], replies);
        Assert.Empty(host.Record.Logins);
    }

    [Fact]
    public async Task A_command_in_clear_after_the_220_breaks_the_handshake()
    {
        await using var host = new SessionHost(SessionHost.Secured);
        await using var talk = await Greeted(host);
        Assert.StartsWith("220", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Say("EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>");
        talk.Finish();
        Assert.DoesNotContain(await talk.HearAll(), r => r.StartsWith("250", StringComparison.Ordinal));
        Assert.Empty(host.Record.Messages);
    }

    [Fact]
    public async Task A_transaction_begun_in_clear_is_forgotten()
    {
        var options = SessionHost.Secured with { RequireAuth = false };
        await using var host = new SessionHost(options);
        await using var talk = await Greeted(host);
        await talk.Ask("MAIL FROM:<a@example.com>");
        Assert.StartsWith("503", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Ask("RSET");
        Assert.StartsWith("220", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Secure();
        Assert.StartsWith("503 5.5.1", await talk.Ask("RCPT TO:<b@example.org>"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await talk.Ask("MAIL FROM:<a@example.com>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task STARTTLS_before_EHLO_is_refused()
    {
        await using var host = new SessionHost(SessionHost.Secured);
        await using var talk = await host.Talk();
        await talk.Hear();
        Assert.StartsWith("503 5.5.1", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
    }

    private static async Task<SmtpTalk> Greeted(SessionHost host)
    {
        var talk = await host.Talk();
        await talk.Hear();
        Assert.Contains("STARTTLS", await talk.Ask("EHLO client.example"), StringComparison.Ordinal);
        return talk;
    }
}
