using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using System.Text;
using Gateway.Api.Acceptance;
using Gateway.Api.Auth.Shield;
using Gateway.Mail.Smtp;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Api.SmtpSubmission;

/// <summary>One connection of the SMTP door: a place, TLS where it begins with it, then the session.</summary>
internal sealed class SubmissionHandler(
    SubmissionOptions options,
    SubmissionDoor door,
    SubmissionCertificate certificate,
    ConnectionGuard guard,
    ContentBudget budget
) : ConnectionHandler
{
    private static readonly byte[] Refusal = Encoding.ASCII.GetBytes(
        "421 4.7.0 Too many connections; try again in a moment\r\n"
    );

    public override Task OnConnectedAsync(ConnectionContext connection) =>
        guard.RunAsync(connection, ShieldDoor.Smtp, Refusal, () => ServeAsync(connection));

    private async Task ServeAsync(ConnectionContext connection)
    {
        var listener = connection.Features.Get<SubmissionListener>()!;
        var transport = connection.Transport;
        if (listener.IsImplicitTls)
        {
            try
            {
                transport = await SecureAsync(transport, listener.Stopping);
            }
            catch (Exception failed)
                when (failed is AuthenticationException or IOException or OperationCanceledException)
            {
                return; // a handshake that failed has no reader
            }
        }

        using var policy = new SubmissionPolicy(door, (connection.RemoteEndPoint as IPEndPoint)?.Address);
        var session = new SmtpServerSession(
            transport,
            Session(),
            policy,
            connection.RemoteEndPoint,
            listener.IsImplicitTls
        );
        await session.RunAsync(listener.Stopping);
    }

    private SmtpServerOptions Session() =>
        new()
        {
            Name = options.Name,
            MaxMessage = MessageLimits.RequestBytes,
            MaxRecipients = MessageLimits.Recipients,
            Budget = budget,
            StartTls = SecureAsync,
        };

    private async ValueTask<IDuplexPipe> SecureAsync(IDuplexPipe plain, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(options.HandshakeWithin);
        return await PipeTls.Server(certificate.Current())(plain, limit.Token);
    }
}
