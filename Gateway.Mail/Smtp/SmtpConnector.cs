using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Mail.Smtp;

/// <summary>Opens a session: connect, TLS, greeting, EHLO, STARTTLS, AUTH. Nothing of a message is sent before it is done.</summary>
internal static class SmtpConnector
{
    public static async Task<(SmtpWire Wire, SmtpExtensions Extensions)> Open(
        SmtpClientOptions options,
        CancellationToken cancel
    )
    {
        var stream = await Connect(options, cancel);
        var wire = new SmtpWire(options, stream);
        try
        {
            using var exchange = wire.Begin(cancel);
            if (options.Tls == SmtpTls.Implicit)
            {
                wire.Switch(await Secure(options, wire.Detach(), cancel));
            }

            await Expect(wire, SmtpPhase.Greeting, 220);
            var offered = await Hello(options, wire);
            offered = await StartTls(options, wire, offered, cancel);
            await Authenticate(options, wire, offered);
            return (wire, offered);
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    private static async Task<Stream> Connect(SmtpClientOptions options, CancellationToken cancel)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timer.CancelAfter(options.Timeouts.Connect);
        try
        {
            return options.Connect is { } connect
                ? await connect(options.Host, options.Port, timer.Token)
                : await Dial(options.Host, options.Port, timer.Token);
        }
        catch (SocketException problem)
        {
            var kind = problem.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery =>
                    SmtpFailureKind.Dns,
                SocketError.ConnectionRefused => SmtpFailureKind.ConnectRefused,
                SocketError.TimedOut => SmtpFailureKind.Timeout,
                _ => SmtpFailureKind.Unreachable,
            };
            throw new SmtpFailure(SmtpPhase.Connect, kind, $"Connect: {problem.SocketErrorCode}", reply: null, problem);
        }
        catch (OperationCanceledException problem)
        {
            var kind = cancel.IsCancellationRequested ? SmtpFailureKind.Canceled : SmtpFailureKind.Timeout;
            throw new SmtpFailure(SmtpPhase.Connect, kind, $"Connect: {kind}", reply: null, problem);
        }
    }

    private static async Task<Stream> Dial(string host, int port, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, cancel);
        for (var i = 0; ; i++)
        {
            if (addresses.Length == 0)
            {
                throw new SocketException((int)SocketError.NoData);
            }

            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[i], port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception problem)
            {
                socket.Dispose();
                if (problem is not SocketException || i == addresses.Length - 1)
                {
                    throw;
                }
            }
        }
    }

    private static async Task<SmtpExtensions> Hello(SmtpClientOptions options, SmtpWire wire)
    {
        var reply = await Ask(wire, SmtpPhase.Hello, "EHLO ", options.HelloName);
        if (reply.Code == 250)
        {
            return SmtpExtensions.Parse(reply);
        }

        // RFC 5321 §3.2: a server that does not know EHLO gets HELO; it can then offer neither TLS nor AUTH.
        if (reply.Code is not (500 or 502) || wire.Broken)
        {
            throw SmtpFailure.Refused(SmtpPhase.Hello, reply);
        }

        wire.Write("HELO ");
        wire.Write(options.HelloName);
        wire.Write("\r\n"u8);
        await wire.Flush(SmtpPhase.Hello);
        await Expect(wire, SmtpPhase.Hello, 250);
        return SmtpExtensions.None;
    }

    private static async Task<SmtpExtensions> StartTls(
        SmtpClientOptions options,
        SmtpWire wire,
        SmtpExtensions offered,
        CancellationToken cancel
    )
    {
        if (options.Tls is SmtpTls.None or SmtpTls.Implicit)
        {
            return offered;
        }

        if (!offered.StartTls)
        {
            return options.Tls == SmtpTls.StartTlsIfOffered
                ? offered
                : throw wire.Break(SmtpPhase.StartTls, SmtpFailureKind.TlsRequired, "STARTTLS is not offered", null);
        }

        var reply = await Ask(wire, SmtpPhase.StartTls, "STARTTLS");
        if (reply.Code != 220)
        {
            throw SmtpFailure.Refused(SmtpPhase.StartTls, reply);
        }

        // Whoever is in between may append replies in clear to this 220, to be read as the secured server's own.
        if (wire.HasUnread)
        {
            throw wire.Break(SmtpPhase.StartTls, SmtpFailureKind.Protocol, "bytes in clear after STARTTLS", null);
        }

        wire.Switch(await Secure(options, wire.Detach(), cancel));
        // RFC 3207 §4.2: all that was learned before is discarded.
        return await Hello(options, wire);
    }

    private static async Task<Stream> Secure(SmtpClientOptions options, Stream plain, CancellationToken cancel)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timer.CancelAfter(options.Timeouts.Tls);
        var secured = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = options.Host,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                        options.Certificates.Accepts(certificate?.GetRawCertData(), errors),
                },
                timer.Token
            );
            return secured;
        }
        catch (OperationCanceledException problem)
        {
            var kind = cancel.IsCancellationRequested ? SmtpFailureKind.Canceled : SmtpFailureKind.Timeout;
            throw new SmtpFailure(SmtpPhase.Tls, kind, $"Tls: {kind}", reply: null, problem);
        }
        catch (Exception problem)
            when (problem is System.Security.Authentication.AuthenticationException or IOException or SocketException)
        {
            throw new SmtpFailure(SmtpPhase.Tls, SmtpFailureKind.TlsFailed, $"Tls: {problem.Message}", null, problem);
        }
    }

    private static async Task Authenticate(SmtpClientOptions options, SmtpWire wire, SmtpExtensions offered)
    {
        if (options.Credentials is not { } login)
        {
            return;
        }

        if (wire.Detach() is not SslStream && !options.AllowPlaintextAuth)
        {
            throw wire.Break(SmtpPhase.Auth, SmtpFailureKind.TlsRequired, "no password without TLS", null);
        }

        SmtpReply reply;
        if (offered.Auth.Contains("PLAIN"))
        {
            // RFC 4954 §4 initial response; RFC 4616 §2: authzid NUL authcid NUL passwd.
            reply = await Ask(wire, SmtpPhase.Auth, "AUTH PLAIN ", Base64Of($"\0{login.User}\0{login.Secret}"));
        }
        else if (offered.Auth.Contains("LOGIN"))
        {
            reply = await Ask(wire, SmtpPhase.Auth, "AUTH LOGIN");
            reply = reply.Code == 334 ? await Ask(wire, SmtpPhase.Auth, Base64Of(login.User)) : reply;
            reply = reply.Code == 334 ? await Ask(wire, SmtpPhase.Auth, Base64Of(login.Secret)) : reply;
        }
        else
        {
            throw wire.Break(
                SmtpPhase.Auth,
                SmtpFailureKind.Capability,
                "neither AUTH PLAIN nor LOGIN is offered",
                null
            );
        }

        if (reply.Code != 235)
        {
            throw SmtpFailure.Refused(SmtpPhase.Auth, reply);
        }
    }

    private static string Base64Of(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async ValueTask<SmtpReply> Ask(SmtpWire wire, SmtpPhase phase, string verb, string argument = "")
    {
        wire.Write(verb);
        wire.Write(argument);
        wire.Write("\r\n"u8);
        await wire.Flush(phase);
        return await wire.Read(phase);
    }

    private static async ValueTask Expect(SmtpWire wire, SmtpPhase phase, int code)
    {
        var reply = await wire.Read(phase);
        if (reply.Code != code)
        {
            throw SmtpFailure.Refused(phase, reply);
        }
    }
}
