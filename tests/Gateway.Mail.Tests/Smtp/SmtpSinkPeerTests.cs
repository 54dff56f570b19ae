using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpSinkPeerTests
{
    [Fact]
    public async Task Postfix_smtp_sink_takes_what_we_send()
    {
        var port = PeerProgram.FreePort();
        var sink = PeerProgram.Find("smtp-sink", "postfix");
        await using var peer = PeerProgram.Start(sink, "-u", Environment.UserName, $"127.0.0.1:{port}", "50");
        await peer.Listens(port);
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(port));
        Assert.True(client.Extensions.Pipelining);

        var messages = Enumerable
            .Range(0, 100)
            .Select(_ => new SmtpSubmission(SmtpClientTests.Envelope(), new("a: b\r\n\r\n.\r\n"u8.ToArray())));
        var sent = await client.SendManyAsync([.. messages]);

        Assert.All(sent, s => Assert.True(s.Accepted, s.Detail));
    }
}
