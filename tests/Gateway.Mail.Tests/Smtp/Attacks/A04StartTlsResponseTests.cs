using System.Diagnostics;
using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp.Attacks;

/// <summary>A4: replies in clear are never taken for the protected server's, and no reply is without an end.</summary>
public sealed class A04StartTlsResponseTests
{
    [Theory]
    [InlineData("220 ok\r\n250-x\r\n250 AUTH PLAIN\r\n")]
    [InlineData("220 ok\r\n2")]
    public async Task Replies_behind_the_220_end_the_session_before_any_secret(string injected)
    {
        var script = new SmtpScript
        {
            Certificate = TestCertificate.Value,
            On = (step, _) => step == "STARTTLS" ? new SmtpAct.Raw(Encoding.ASCII.GetBytes(injected)) : null,
        };
        await using var server = new SmtpScriptServer(script);

        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(Secured(server.Port)));

        Assert.Equal((SmtpPhase.StartTls, SmtpFailureKind.Protocol), (failure.Phase, failure.Kind));
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_mechanisms_offered_in_clear_are_forgotten()
    {
        // In clear it offers PLAIN; protected it offers nothing.
        var script = new SmtpScript
        {
            Certificate = TestCertificate.Value,
            On = (step, n) =>
                step != "EHLO" ? null
                : n == 1 ? "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN"
                : "250 x",
        };
        await using var server = new SmtpScriptServer(script);

        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(Secured(server.Port)));

        Assert.Equal((SmtpPhase.Auth, SmtpFailureKind.Capability), (failure.Phase, failure.Kind));
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("250-x\r\n")]
    [InlineData("x")]
    [InlineData(
        "250-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
    )]
    public async Task A_reply_without_end_is_left_within_5_s_and_64_KiB(string endless)
    {
        var stream = new EndlessStream(Encoding.ASCII.GetBytes(endless));
        var options = SmtpClientTests.To(25) with { Connect = (_, _, _) => ValueTask.FromResult<Stream>(stream) };
        var watch = Stopwatch.StartNew();

        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));

        Assert.Equal(SmtpFailureKind.Protocol, failure.Kind);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
        Assert.InRange(stream.Given, 1, 128 * 1024);
    }

    [Fact]
    public async Task No_secret_leaves_without_TLS()
    {
        await using var server = new SmtpScriptServer(new SmtpScript { Extensions = ["AUTH PLAIN LOGIN"] });
        foreach (var tls in (SmtpTls[])[SmtpTls.None, SmtpTls.StartTlsIfOffered, SmtpTls.StartTls])
        {
            var options = Secured(server.Port) with { Tls = tls };
            var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));
            Assert.Equal(SmtpFailureKind.TlsRequired, failure.Kind);
        }

        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reply_before_its_question_is_not_believed()
    {
        // Two answers to DATA: the second would pass for the answer to the final dot.
        await using var server = new SmtpScriptServer(SmtpScript.At("DATA", "354 go on\r\n250 2.0.0 kept"));
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(server.Port));
        var sent = await client.SendAsync(SmtpClientTests.Envelope(), "a: b\r\n\r\n"u8.ToArray());
        Assert.Equal((SmtpFailureKind.Protocol, false), (sent.Failure, sent.MayHaveBeenAccepted));
        Assert.False(client.IsReusable);
    }

    private static SmtpClientOptions Secured(int port) =>
        SmtpClientTests.To(port) with
        {
            Tls = SmtpTls.StartTls,
            Certificates = CertificatePolicy.Pinned(TestCertificate.Sha256),
            Credentials = new SmtpCredentials("user", "secret"),
        };

    private sealed class EndlessStream(byte[] pattern) : MemoryStream
    {
        private int at;

        public long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                buffer.Span[i] = pattern[at++ % pattern.Length];
            }

            Given += buffer.Length;
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
