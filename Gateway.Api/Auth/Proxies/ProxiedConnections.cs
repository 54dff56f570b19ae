using System.Net;
using Gateway.Api.Auth.Shield;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Api.Auth.Proxies;

/// <summary>
/// Lets a trusted proxy say in front of a connection whose it is. From its addresses a header must come (its protocol
/// asks receivers never to guess); from any other, one is not looked for and is the client's own nonsense.
/// </summary>
internal sealed class ProxiedConnections(ShieldOptions options, TimeProvider clock)
{
    /// <summary>A proxy sends its header with its first packet.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    private readonly IPNetwork[] trusted = options.TrustedNetworks();

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!IsTrusted(connection) || await TryUnwrapAsync(connection))
        {
            await next(connection);
        }
    }

    private bool IsTrusted(ConnectionContext connection) =>
        trusted.Length > 0
        && connection.RemoteEndPoint is IPEndPoint { Address: var from }
        && Array.Exists(trusted, t => t.Contains(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from));

    private async Task<bool> TryUnwrapAsync(ConnectionContext connection)
    {
        using var late = new CancellationTokenSource(Within, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, connection.ConnectionClosed);
        try
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(stop.Token);
                if (!ProxyHeader.TryRead(read.Buffer, out var header) || (header is null && read.IsCompleted))
                {
                    connection.Transport.Input.AdvanceTo(read.Buffer.End);
                    return false;
                }

                if (header is not null)
                {
                    connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(header.Length));
                    connection.RemoteEndPoint = header.Client ?? connection.RemoteEndPoint;
                    return true;
                }

                connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            return false;
        }
    }
}
