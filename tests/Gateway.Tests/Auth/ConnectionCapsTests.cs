using System.Net;
using Gateway.Net;

namespace Gateway.Tests.Auth;

public sealed class ConnectionCapsTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.2");

    [Fact]
    public void One_address_and_all_of_them_have_a_cap_each()
    {
        var caps = new ConnectionCaps(most: 3, mostPerAddress: 2);
        Assert.Null(caps.Enter(One));
        Assert.Null(caps.Enter(One));
        Assert.Equal("address", caps.Enter(One));
        Assert.Null(caps.Enter(Other));
        Assert.Equal("replica", caps.Enter(Other));
        caps.Leave(One);
        Assert.Null(caps.Enter(One));
    }

    [Fact]
    public void An_IPv6_host_counts_by_its_64_and_a_proxy_not_at_all()
    {
        var caps = new ConnectionCaps(most: 100, mostPerAddress: 1);
        Assert.Null(caps.Enter(IPAddress.Parse("2001:db8::1")));
        Assert.Equal("address", caps.Enter(IPAddress.Parse("2001:db8::2")));
        Assert.Null(caps.Enter(IPAddress.Parse("2001:db8:0:1::1")));
        Assert.Null(caps.Enter(address: null));
        Assert.Null(caps.Enter(address: null));
        Assert.Equal(4, caps.Open);
    }

    [Fact]
    public void What_was_left_is_forgotten()
    {
        var caps = new ConnectionCaps(most: 2, mostPerAddress: 1);
        for (var i = 0; i < 10_000; i++)
        {
            var address = new IPAddress(BitConverter.GetBytes(i));
            Assert.Null(caps.Enter(address));
            caps.Leave(address);
        }

        Assert.Equal(0, caps.Open);
    }
}
