using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpClientSecurityTests
{
    private static readonly SmtpScript Offering = new()
    {
        Certificate = TestCertificate.Value,
        Extensions = ["AUTH PLAIN", "PIPELINING"],
    };

    [Theory]
    [InlineData(SmtpTls.StartTls)]
    [InlineData(SmtpTls.StartTlsIfOffered)]
    [InlineData(SmtpTls.Implicit)]
    public async Task The_pinned_certificate_is_enough_and_the_login_follows(SmtpTls tls)
    {
        await using var server = new SmtpScriptServer(Offering with { Implicit = tls == SmtpTls.Implicit });
        var options = To(server.Port, tls) with { Certificates = CertificatePolicy.Pinned(TestCertificate.Sha256) };
        await using var client = await SmtpConnection.ConnectAsync(options);
        Assert.True(client.IsSecured);
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes("\0user\0secret"));
        Assert.Contains($"AUTH PLAIN {login}", server.Commands);
        Assert.True((await client.SendAsync(SmtpClientTests.Envelope(), "a: b\r\n\r\n"u8.ToArray())).Accepted);
    }

    [Fact]
    public async Task Another_certificate_than_the_policy_wants_ends_before_the_login()
    {
        CertificatePolicy[] policies = [CertificatePolicy.Verify, CertificatePolicy.Pinned(new string('0', 64))];
        foreach (var policy in policies)
        {
            await using var server = new SmtpScriptServer(Offering);
            var options = To(server.Port, SmtpTls.StartTls) with { Certificates = policy };
            var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));
            Assert.Equal((SmtpPhase.Tls, SmtpFailureKind.TlsFailed), (failure.Phase, failure.Kind));
            Assert.Equal(Outcome.PathDown, SmtpClassifier.Classify(failure, SmtpHop.SubmissionRelay).Outcome);
            Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_server_without_STARTTLS_is_left_when_TLS_is_demanded()
    {
        await using var server = new SmtpScriptServer();
        var options = To(server.Port, SmtpTls.StartTls) with { Credentials = null };
        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));
        Assert.Equal(SmtpFailureKind.TlsRequired, failure.Kind);
    }

    [Theory]
    [InlineData("AUTH LOGIN")]
    [InlineData("AUTH=LOGIN")]
    public async Task LOGIN_is_spoken_where_PLAIN_is_not_offered(string offer)
    {
        var script = Offering with
        {
            Extensions = [offer],
            On = (step, _) =>
                step switch
                {
                    "AUTH" => "334 VXNlcm5hbWU6",
                    "DXNLCG==" => "334 UGFzc3dvcmQ6",
                    "C2VJCMV0" => "235 2.7.0 welcome",
                    _ => null,
                },
        };
        await using var server = new SmtpScriptServer(script);
        var options = To(server.Port, SmtpTls.StartTls) with { Certificates = CertificatePolicy.AcceptAny };
        await using var client = await SmtpConnection.ConnectAsync(options);
        Assert.Contains("c2VjcmV0", server.Commands);
    }

    [Theory]
    [InlineData("connect", "554 5.3.2 no", SmtpPhase.Greeting)]
    [InlineData("EHLO", "550 5.7.1 no", SmtpPhase.Hello)]
    [InlineData("STARTTLS", "454 4.7.0 no", SmtpPhase.StartTls)]
    [InlineData("AUTH", "535 5.7.8 no", SmtpPhase.Auth)]
    public async Task A_refused_session_names_its_phase_and_keeps_the_reply(string step, string reply, SmtpPhase phase)
    {
        var script = Offering with { On = (at, _) => at == step ? reply : null };
        await using var server = new SmtpScriptServer(script);
        var options = To(server.Port, SmtpTls.StartTls) with { Certificates = CertificatePolicy.AcceptAny };
        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));
        Assert.Equal((phase, SmtpFailureKind.Refused), (failure.Phase, failure.Kind));
        Assert.Equal(reply, failure.Reply!.ToString());
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("connect", SmtpPhase.Greeting)]
    [InlineData("EHLO", SmtpPhase.Hello)]
    [InlineData("AUTH", SmtpPhase.Auth)]
    public async Task Silence_is_a_timeout_of_its_phase(string step, SmtpPhase phase)
    {
        await using var server = new SmtpScriptServer(
            Offering with
            {
                On = (at, _) => at == step ? new SmtpAct.Silence() : null,
            }
        );
        var options = To(server.Port, SmtpTls.StartTls) with
        {
            Certificates = CertificatePolicy.AcceptAny,
            Timeouts = SmtpTimeouts.All(TimeSpan.FromMilliseconds(400)) with { Tls = TimeSpan.FromSeconds(10) },
        };
        var failure = await Assert.ThrowsAsync<SmtpFailure>(() => SmtpConnection.ConnectAsync(options));
        Assert.Equal((phase, SmtpFailureKind.Timeout), (failure.Phase, failure.Kind));
    }

    [Fact]
    public async Task A_server_that_knows_only_HELO_is_greeted_so()
    {
        await using var server = new SmtpScriptServer(SmtpScript.At("EHLO", "502 5.5.1 what?"));
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(server.Port));
        Assert.Equal(SmtpExtensions.None, client.Extensions);
        Assert.True((await client.SendAsync(SmtpClientTests.Envelope(), "a: b\r\n\r\n"u8.ToArray())).Accepted);
    }

    [Fact]
    public async Task Ten_megabytes_pass_our_two_ends_under_TLS_unchanged()
    {
        await using var host = new SessionHost(SessionHost.Secured);
        var options = To(host.Port, SmtpTls.StartTls) with { Certificates = CertificatePolicy.AcceptAny };
        await using var client = await SmtpConnection.ConnectAsync(options);
        var random = new Random(5);
        var lines = Enumerable.Range(0, 140_000).Select(i => i % 7 == 0 ? "." : new string('x', random.Next(150)));
        var content = Encoding.ASCII.GetBytes(string.Join("\r\n", lines) + "\r\n");

        var sent = await client.SendAsync(SmtpClientTests.Envelope(), content);

        Assert.True(sent.Accepted, sent.Detail);
        Assert.True(content.AsSpan().SequenceEqual(host.Record.Messages.Single().Content));
        Assert.Equal("/user/secret", host.Record.Logins.Single());
    }

    private static SmtpClientOptions To(int port, SmtpTls tls) =>
        SmtpClientTests.To(port) with
        {
            Tls = tls,
            Credentials = new SmtpCredentials("user", "secret"),
        };
}
