using System.Buffers;
using System.Diagnostics.Metrics;
using System.Net;
using Gateway.Net;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Api.Auth.Shield;

/// <summary>Stands before the first byte of every connection: counts it, or answers in one line that there is no place.</summary>
public sealed class ConnectionGuard
{
    /// <summary>Refused connections that are still listened to, so that they can read why; further ones are cut.</summary>
    private const int MostLingering = 64;
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly AuthShield shield;
    private readonly TimeProvider clock;
    private int lingering;

    public ConnectionGuard(ShieldOptions options, AuthShield shield, TimeProvider clock)
    {
        (this.shield, this.clock) = (shield, clock);
        Http = new ConnectionCaps(options.HttpConnections, options.HttpConnectionsPerAddress);
        Smtp = new ConnectionCaps(options.SmtpConnections, options.SmtpConnectionsPerAddress);
        GatewayTelemetry.Connections.From(() =>
            [
                new Measurement<int>(Http.Open, new KeyValuePair<string, object?>("door", "http")),
                new Measurement<int>(Smtp.Open, new KeyValuePair<string, object?>("door", "smtp")),
            ]
        );
    }

    public ConnectionCaps Http { get; }

    public ConnectionCaps Smtp { get; }

    /// <summary>Serves the connection, or says <paramref name="refusal"/> and closes it.</summary>
    public async Task RunAsync(
        ConnectionContext connection,
        ShieldDoor door,
        ReadOnlyMemory<byte> refusal,
        Func<Task> serve
    )
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        address = address is not null && shield.IsProxy(address) ? null : address;
        var caps = door == ShieldDoor.Http ? Http : Smtp;
        var full = caps.IsShort && shield.IsSuspect(door, address) ? "suspect" : caps.Enter(address);
        if (full is not null)
        {
            GatewayTelemetry.ConnectionsRefused.Add(
                1,
                new("door", door == ShieldDoor.Http ? "http" : "smtp"),
                new KeyValuePair<string, object?>("cap", full)
            );
            await RefuseAsync(connection, refusal);
            return;
        }

        try
        {
            await serve();
        }
        finally
        {
            caps.Leave(address);
        }
    }

    private async Task RefuseAsync(ConnectionContext connection, ReadOnlyMemory<byte> refusal)
    {
        if (Interlocked.Increment(ref lingering) > MostLingering)
        {
            Interlocked.Decrement(ref lingering);
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(Linger, clock);
            await connection.Transport.Output.WriteAsync(refusal, limit.Token);
            await connection.Transport.Output.CompleteAsync();
            // What the peer has said already would turn our close into a reset that takes the answer with it.
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(limit.Token);
                connection.Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException) { }
        finally
        {
            Interlocked.Decrement(ref lingering);
        }
    }
}
