using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

/// <summary>Our session against clients that others wrote.</summary>
public sealed class SmtpServerPeerTests
{
    [Theory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    public async Task Swaks_logs_in_under_TLS_and_sends(string mechanism)
    {
        await using var host = new SessionHost(SessionHost.Secured);
        string[] login = ["--tls", "--auth", mechanism, "--auth-user", "user", "--auth-password", "secret"];
        var (code, output) = await Swaks(host, [.. login, "--body", "hello\n.\n..x\n"]);
        Assert.True(code == 0, output);
        var message = Assert.Single(host.Record.Messages);
        Assert.Equal("b@example.org", message.Recipients.Single().ToString());
        Assert.Contains("hello\r\n.\r\n..x\r\n", Encoding.UTF8.GetString(message.Content), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Swaks_pipelines()
    {
        await using var host = new SessionHost();
        var (code, output) = await Swaks(host, ["--pipeline", "--body", "x"]);
        Assert.True(code == 0, output);
        Assert.Single(host.Record.Messages);
    }

    [Fact]
    public async Task Swaks_with_a_wrong_password_hears_535()
    {
        await using var host = new SessionHost(SessionHost.Secured);
        var (code, output) = await Swaks(
            host,
            ["--tls", "--auth", "PLAIN", "--auth-user", "user", "--auth-password", "x"]
        );
        Assert.Equal(28, code); // swaks' own number for a failed login
        Assert.Contains("535 5.7.8", output, StringComparison.Ordinal);
        Assert.Empty(host.Record.Messages);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("login")]
    public async Task Msmtp_logs_in_under_TLS_and_sends(string mechanism)
    {
        await using var host = new SessionHost(SessionHost.Secured);
        var msmtp = PeerProgram.Find("msmtp", "msmtp");
        string[] server = ["--host=localhost", $"--port={host.Port}", "--from=a@example.com", "--file=/dev/null"];
        string[] tls = ["--tls=on", "--tls-starttls=on", "--tls-certcheck=off"];
        string[] login = [$"--auth={mechanism}", "--user=user", "--passwordeval=echo secret"];
        await using var peer = PeerProgram.Start(
            msmtp,
            [.. server, .. tls, .. login, "b@example.org", "c@example.org"]
        );

        var (code, output) = await peer.Finishes("Subject: x\n\n.\nhello\n");

        Assert.True(code == 0, output);
        var message = Assert.Single(host.Record.Messages);
        Assert.Equal(2, message.Recipients.Count);
        Assert.EndsWith("\r\n.\r\nhello\r\n", Encoding.UTF8.GetString(message.Content), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smtp_source_sends_500_messages_over_5_sessions()
    {
        await using var host = new SessionHost();
        var source = PeerProgram.Find("smtp-source", "postfix");
        string[] arguments = ["-d", "-l", "4096", "-m", "500", "-s", "5", "-f", "a@example.com", "-t", "b@example.org"];
        await using var peer = PeerProgram.Start(source, [.. arguments, $"127.0.0.1:{host.Port}"]);
        var (code, output) = await peer.Finishes();
        Assert.True(code == 0, output);
        Assert.Equal(500, host.Record.Messages.Count);
        Assert.All(host.Record.Messages, m => Assert.InRange(m.Content.Length, 4096, 6000));
    }

    private static async Task<(int Code, string Output)> Swaks(SessionHost host, string[] arguments)
    {
        var swaks = PeerProgram.Find("swaks", "swaks");
        string[] all =
        [
            "--server",
            "127.0.0.1",
            "--port",
            $"{host.Port}",
            "--from",
            "a@example.com",
            "--to",
            "b@example.org",
        ];
        await using var peer = PeerProgram.Start(swaks, [.. all, .. arguments]);
        return await peer.Finishes();
    }
}
