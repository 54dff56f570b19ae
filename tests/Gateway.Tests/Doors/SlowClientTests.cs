using System.Diagnostics;
using System.Text;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>Clients that hold a request open (RELIABILITY of the front door: they cost a socket, and not for long).</summary>
[Collection(DoorCollection.Name)]
public sealed class SlowClientTests(DoorGateway gateway)
{
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Half_requests_are_ended_and_good_ones_do_not_wait_for_them()
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        var began = Stopwatch.StartNew();
        string[] halves =
        [
            "POST /v1/mess",
            "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-A: ",
            HttpSocket.Head(gateway.Tenant, "/v1/messages", "application/json", "Content-Length: 1000") + "{",
            HttpSocket.Head(gateway.Tenant, "/v1/messages/raw", "message/rfc822", "Content-Length: 1000") + "From: ",
            HttpSocket.Head(gateway.Tenant, "/v1/messages/batch", "application/json", "Transfer-Encoding: chunked")
                + "5\r\n{",
        ];
        var sockets = await Task.WhenAll(halves.Select(_ => HttpSocket.ConnectAsync(gateway)));
        await Task.WhenAll(sockets.Select((socket, i) => socket.WriteAsync(halves[i])));
        var ends = Task.WhenAll(sockets.Select(s => s.ReadToEndAsync(GoneWithin + TimeSpan.FromSeconds(5))));

        var good = await gateway.Ledger.CreateTenantAsync();
        var message = Encoding.UTF8.GetBytes(DoorCases.GoodMessage(good.Domain).ToJsonString());
        for (var i = 0; i < 20; i++)
        {
            var one = Stopwatch.StartNew();
            Assert.Equal(202, (await gateway.SendAsync(Door.Json, good, message)).Status);
            Assert.True(one.Elapsed < TimeSpan.FromSeconds(3), $"a good request took {one.Elapsed}");
        }

        var texts = await ends;
        Assert.True(began.Elapsed < GoneWithin, $"the last was gone after {began.Elapsed}");
        Assert.DoesNotContain(texts, text => text.StartsWith("HTTP/1.1 2", StringComparison.Ordinal));
        // Who sent a whole header is told why: too slow.
        Assert.All(texts.Skip(2), text => Assert.Contains("body_too_slow", text, StringComparison.Ordinal));
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
        await Task.WhenAll(sockets.Select(s => s.DisposeAsync().AsTask()));
    }
}
