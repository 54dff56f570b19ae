using System.IO.Pipelines;
using System.Net;
using Gateway.Mail.Smtp.Server;

namespace Gateway.Mail.Smtp;

/// <summary>
/// One SMTP session as the server (RFC 5321, 6409, 3207, 4954, 2920, 1870, 6152, 6531, 2034). It keeps the protocol; a
/// <see cref="SmtpServerPolicy"/> decides. What is ambiguous is refused once and the connection closed.
/// </summary>
public sealed class SmtpServerSession
{
    private readonly SmtpServerOptions options;
    private readonly SmtpServerPolicy policy;
    private readonly SmtpPeer peer;
    private readonly IDuplexPipe transport;

    public SmtpServerSession(
        IDuplexPipe transport,
        SmtpServerOptions options,
        SmtpServerPolicy policy,
        EndPoint? address = null,
        bool secured = false
    )
    {
        (this.transport, this.options, this.policy) = (transport, options, policy);
        peer = new SmtpPeer { Address = address, IsSecured = secured };
    }

    /// <summary>Runs to the session's end and completes the transport. A stop is said to the peer as 421.</summary>
    public async Task RunAsync(CancellationToken stop = default)
    {
        using var io = new SmtpServerIo(transport, stop);
        var dialogue = new SmtpDialogue(io, options, policy, peer, stop);
        try
        {
            await dialogue.Run();
        }
        catch (OperationCanceledException)
        {
            // RFC 5321 §3.8: closing without being asked is announced.
            await LastWords(io, stop.IsCancellationRequested ? "4.3.2 Shutting down" : "4.4.2 Timeout");
        }
        catch (IOException) { } // the peer is gone, and so is the session
        catch (System.Security.Authentication.AuthenticationException) { } // a handshake that failed has no reader
        finally
        {
            await Complete(io.Transport);
            if (!ReferenceEquals(io.Transport, transport))
            {
                await Complete(transport);
            }
        }
    }

    private static async Task LastWords(SmtpServerIo io, string text)
    {
        try
        {
            io.Write(SmtpReply.Of(421, text));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await io.Transport.Output.FlushAsync(limit.Token);
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or InvalidOperationException) { }
    }

    private static async Task Complete(IDuplexPipe pipe)
    {
        try
        {
            await pipe.Input.CompleteAsync();
            await pipe.Output.CompleteAsync();
        }
        catch (Exception end) when (end is IOException or ObjectDisposedException or InvalidOperationException) { }
    }
}
