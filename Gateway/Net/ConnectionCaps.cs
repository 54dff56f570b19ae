using System.Net;
using System.Net.Sockets;

namespace Gateway.Net;

/// <summary>Open connections of one door: how many there are, and how many one address holds (IPv6: one /64).</summary>
public sealed class ConnectionCaps(int most, int mostPerAddress)
{
    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> byAddress = [];
    private int open;

    public int Open => Volatile.Read(ref open);

    public int Most => most;

    /// <summary>Half of all places are taken: those left are for who is not suspect.</summary>
    public bool IsShort => Open > most / 2;

    /// <summary>Takes a place; whoever got one gives it back by <see cref="Leave"/>.</summary>
    /// <param name="address">Null counts towards the whole only.</param>
    /// <returns>Null, or which cap it is: <c>replica</c> or <c>address</c>.</returns>
    public string? Enter(IPAddress? address)
    {
        lock (gate)
        {
            if (open >= most)
            {
                return "replica";
            }

            if (address is not null)
            {
                var place = Place(address);
                var own = byAddress.GetValueOrDefault(place);
                if (own >= mostPerAddress)
                {
                    return "address";
                }

                byAddress[place] = own + 1;
            }

            open++;
            return null;
        }
    }

    public void Leave(IPAddress? address)
    {
        lock (gate)
        {
            open--;
            if (address is null)
            {
                return;
            }

            var place = Place(address);
            var own = byAddress[place];
            if (own > 1)
            {
                byAddress[place] = own - 1;
            }
            else
            {
                byAddress.Remove(place);
            }
        }
    }

    private static IPAddress Place(IPAddress address)
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
