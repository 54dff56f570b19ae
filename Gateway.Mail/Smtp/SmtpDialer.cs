using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Mail.Smtp;

/// <summary>The connection under a session: look-up, connect, TLS; each failure with its kind.</summary>
internal static class SmtpDialer
{
    public static async Task<Stream> Connect(SmtpClientOptions options, CancellationToken cancel)
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
        var addresses = await System.Net.Dns.GetHostAddressesAsync(host, cancel);
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

    public static async Task<Stream> Secure(SmtpClientOptions options, Stream plain, CancellationToken cancel)
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
}
