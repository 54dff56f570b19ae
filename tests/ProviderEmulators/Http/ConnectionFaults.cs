using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ProviderEmulators.Faults;

namespace ProviderEmulators.Http;

/// <summary>Faults below HTTP: what happens to a connection before TLS, or in its place.</summary>
internal static class ConnectionFaults
{
    public static void Use(ListenOptions listen, FaultSwitch faults) =>
        listen.Use(next =>
            async connection =>
            {
                if (faults.Take(FaultStep.Connect) is { } atOnce && await EndsAsync(connection, atOnce))
                {
                    return;
                }

                if (faults.Take(FaultStep.Tls) is { } atTls)
                {
                    // The client has spoken first: its half of the handshake is read, and not answered as it hopes.
                    var hello = await connection.Transport.Input.ReadAsync(connection.ConnectionClosed);
                    connection.Transport.Input.AdvanceTo(hello.Buffer.Start, hello.Buffer.Start);
                    if (await EndsAsync(connection, atTls))
                    {
                        return;
                    }
                }

                await next(connection);
            }
        );

    private static async Task<bool> EndsAsync(ConnectionContext connection, Fault fault)
    {
        await Task.Delay(fault.DelayMs, connection.ConnectionClosed);
        switch (fault.Do)
        {
            case FaultAct.Slow:
                return false;
            case FaultAct.Hang:
                try
                {
                    await Task.Delay(Timeout.Infinite, connection.ConnectionClosed);
                }
                catch (OperationCanceledException) { } // the client left

                return true;
            case FaultAct.Garbage:
                connection.Transport.Output.Write("220 this is another protocol\r\n"u8);
                await connection.Transport.Output.FlushAsync();
                return true;
            case FaultAct.Close:
                return true;
            default:
                connection.Abort();
                return true;
        }
    }
}
