using System.Net;
using System.Net.Sockets;

namespace Gateway.Webhooks.Mail;

/// <summary>Mails of each address within a minute (IPv6: of one /64), in a table of bounded size.</summary>
internal sealed class AddressRates(int mostPerMinute, TimeProvider clock)
{
    /// <summary>Beyond so many addresses within a minute the others are not counted: the bound on connections holds for them.</summary>
    private const int MostAddresses = 20_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> counts = [];
    private long began = clock.GetTimestamp();

    public bool TryCount(IPAddress? address)
    {
        if (address is null)
        {
            return true;
        }

        lock (gate)
        {
            if (clock.GetElapsedTime(began) >= Window)
            {
                counts.Clear();
                began = clock.GetTimestamp();
            }

            var network = NetworkOf(address);
            var count = counts.GetValueOrDefault(network);
            if (count >= mostPerMinute)
            {
                return false;
            }

            if (count > 0 || counts.Count < MostAddresses)
            {
                counts[network] = count + 1;
            }

            return true;
        }
    }

    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }
}
