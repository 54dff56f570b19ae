using System.Net;
using System.Net.Sockets;
using Gateway.Net;

namespace Gateway.Tests.Net;

/// <summary>RELIABILITY A18: no connection to what is not public, whatever a name says and however often it changes its mind.</summary>
public sealed class GuardedConnectorTests : IDisposable
{
    private readonly TcpListener inside = new(IPAddress.Parse("127.0.0.2"), 0);

    public GuardedConnectorTests() => inside.Start();

    private int Port => ((IPEndPoint)inside.LocalEndpoint).Port;

    public void Dispose() => inside.Dispose();

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("::ffff:127.0.0.2")]
    [InlineData("[::ffff:127.0.0.2]")]
    [InlineData("2130706434")]
    [InlineData("0x7f.2")]
    [InlineData("127.2")]
    [InlineData("0177.0.0.2")]
    public async Task An_address_inside_is_never_connected_to_however_it_is_written(string host)
    {
        var connector = new GuardedConnector(AddressPolicy.PublicOnly([Port]));
        await Assert.ThrowsAnyAsync<IOException>(async () => await connector.ConnectAsync(host, Port, default));
        Assert.False(inside.Pending());
    }

    [Fact]
    public async Task A_name_is_asked_once_and_what_it_says_then_counts()
    {
        var asked = 0;
        var connector = new GuardedConnector(
            AddressPolicy.PublicOnly([Port], IPNetwork.Parse("127.0.0.2/32")),
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(++asked == 1 ? "127.0.0.2" : "127.0.0.3")])
        );
        await using var stream = (NetworkStream)await connector.ConnectAsync("rebinding.example", Port, default);
        Assert.Equal((1, "127.0.0.2"), (asked, ((IPEndPoint)stream.Socket.RemoteEndPoint!).Address.ToString()));
        await Assert.ThrowsAsync<AddressRefusedException>(async () =>
            await connector.ConnectAsync("rebinding.example", Port, default)
        );
    }

    [Fact]
    public async Task One_private_answer_among_public_ones_refuses_the_name()
    {
        var connector = new GuardedConnector(
            AddressPolicy.PublicOnly([Port]),
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.1.1"), IPAddress.Parse("127.0.0.2")])
        );
        await Assert.ThrowsAsync<AddressRefusedException>(async () =>
            await connector.ConnectAsync("mixed.example", Port, default)
        );
        Assert.False(inside.Pending());
    }

    [Fact]
    public async Task A_closed_port_is_not_even_looked_up()
    {
        var connector = new GuardedConnector(
            AddressPolicy.PublicOnly([443]),
            (_, _) => throw new InvalidOperationException("looked up")
        );
        var refused = await Assert.ThrowsAsync<AddressRefusedException>(async () =>
            await connector.ConnectAsync("a.example", 22, default)
        );
        Assert.Contains("port 22 is closed; open are 443", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_address_is_tried_where_one_does_not_answer()
    {
        var connector = new GuardedConnector(
            AddressPolicy.PublicOnly([Port], IPNetwork.Parse("127.0.0.0/8")),
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.9"), IPAddress.Parse("127.0.0.2")])
        );
        await using var stream = await connector.ConnectAsync("two.example", Port, default);
        Assert.True(inside.Pending());
    }

    [Fact]
    public async Task A_name_without_an_address_is_unknown()
    {
        var connector = new GuardedConnector(AddressPolicy.Anywhere, (_, _) => Task.FromResult<IPAddress[]>([]));
        var unknown = await Assert.ThrowsAsync<SocketException>(async () =>
            await connector.ConnectAsync("none.example", Port, default)
        );
        Assert.Equal(SocketError.NoData, unknown.SocketErrorCode);
    }

    [Fact]
    public async Task An_HTTP_client_behind_it_reaches_nobody_inside()
    {
        var connector = new GuardedConnector(
            AddressPolicy.PublicOnly([Port]),
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2")])
        );
        using var handler = new SocketsHttpHandler { ConnectCallback = connector.ConnectAsync, UseProxy = false };
        using var client = new HttpClient(handler);
        var failed = await Assert.ThrowsAsync<HttpRequestException>(() =>
            client.GetAsync($"http://hook.example:{Port}/")
        );
        Assert.IsType<AddressRefusedException>(failed.InnerException);
        Assert.False(inside.Pending());
    }
}
