using System.Net;
using System.Net.Sockets;

namespace Gateway.Net;

/// <summary>The guard closed the way; nothing was sent to anyone.</summary>
public sealed class AddressRefusedException(string message) : IOException(message);

/// <summary>
/// Connects only where the policy lets it. The name is resolved once, every answer is checked, and the connection goes to
/// a checked address and not to the name again, so that a name that changes its mind in between gains nothing.
/// </summary>
public sealed class GuardedConnector
{
    /// <summary>More answers than this are not tried; a name that needs more is not a server's.</summary>
    private const int MaxAddresses = 8;

    private readonly AddressPolicy policy;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> resolve;

    /// <param name="policy">Where connections may go.</param>
    /// <param name="resolve">Looks a name up; the system's resolver unless given. It throws <see cref="SocketException"/>.</param>
    public GuardedConnector(AddressPolicy policy, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        this.policy = policy;
        this.resolve = resolve ?? ((host, cancel) => Dns.GetHostAddressesAsync(host, cancel));
    }

    /// <summary>An open connection.</summary>
    /// <exception cref="AddressRefusedException">The policy does not let it.</exception>
    /// <exception cref="SocketException">The name has no address, or none of its addresses answers.</exception>
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        if (policy.Objection(port) is { } closed)
        {
            throw new AddressRefusedException($"{host}: {closed}");
        }

        var addresses = await ResolveAsync(host, cancel);
        foreach (var address in addresses)
        {
            // One private answer among public ones is no server's name: the whole name is refused.
            if (policy.Objection(address) is { } refused)
            {
                throw new AddressRefusedException($"{host}: {refused}");
            }
        }

        for (var i = 0; ; i++)
        {
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

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel) =>
        ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancel);

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel)
    {
        var literal = host is ['[', .. var inner, ']'] ? inner : host;
        var found = IPAddress.TryParse(literal, out var address) ? [address] : await resolve(host, cancel);
        return found.Length == 0 ? throw new SocketException((int)SocketError.NoData)
            : found.Length > MaxAddresses && !policy.OnlyPublic ? found[..MaxAddresses]
            : found.Length > MaxAddresses
                ? throw new AddressRefusedException($"{host}: it has {found.Length} addresses")
            : found;
    }
}
