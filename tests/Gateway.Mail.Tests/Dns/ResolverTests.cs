using System.Net;
using System.Net.Sockets;
using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

public sealed class ResolverTests
{
    private const string Name = "tenant.example";
    private static readonly DnsQuestion Question = new(DnsName.Parse(Name), DnsType.Txt);

    [Fact]
    public async Task Every_type_that_mail_needs_is_read()
    {
        await using var server = TestDnsServer.Start(ask =>
            [
                DnsPackets.Reply(
                    ask,
                    [
                        DnsPackets.Txt(Name, "v=spf1 -all"),
                        DnsPackets.Record(Name, DnsType.Mx, [0, 10, .. DnsPackets.Name("mx.example")]),
                        DnsPackets.Address(Name, "192.0.2.1"),
                        DnsPackets.Address(Name, "2001:db8::1"),
                        DnsPackets.Record(Name, DnsType.Ns, DnsPackets.Name("ns.example")),
                        DnsPackets.Record(Name, DnsType.Ptr, DnsPackets.Name("ptr.example")),
                        DnsPackets.Soa(Name, 77),
                        DnsPackets.Record(Name, DnsType.Caa, [0, 5, .. "issue"u8, .. "ca.example"u8]),
                    ]
                ),
            ]
        );
        using var resolver = Resolver(server);
        Assert.Equal(["v=spf1 -all"], (await AskAsync(resolver, DnsType.Txt)).Texts);
        Assert.Equal([DnsName.Parse("MX.example")], (await AskAsync(resolver, DnsType.Mx)).Names);
        Assert.Equal([DnsName.Parse("ns.example")], (await AskAsync(resolver, DnsType.Ns)).Names);
        Assert.Equal([DnsName.Parse("ptr.example")], (await AskAsync(resolver, DnsType.Ptr)).Names);
        Assert.Equal(new DnsData.Address(IPAddress.Parse("192.0.2.1")), await OneAsync(resolver, DnsType.A));
        Assert.Equal(new DnsData.Address(IPAddress.Parse("2001:db8::1")), await OneAsync(resolver, DnsType.Aaaa));
        Assert.Equal(77u, Assert.IsType<DnsData.Authority>(await OneAsync(resolver, DnsType.Soa)).Minimum);
        Assert.Equal(17, Assert.IsType<DnsData.Opaque>(await OneAsync(resolver, DnsType.Caa)).Value.Length);
    }

    [Fact]
    public async Task Nothing_is_an_answer_and_nobody_who_knows_is_none()
    {
        var behaviour = "";
        await using var server = TestDnsServer.Start(ask =>
            behaviour switch
            {
                "nxdomain" => [DnsPackets.Reply(ask, authorities: [DnsPackets.Soa("example")], code: 3)],
                "nodata" => [DnsPackets.Reply(ask, authorities: [DnsPackets.Soa("example")])],
                "servfail" => [DnsPackets.Reply(ask, code: 2)],
                "refused" => [DnsPackets.Reply(ask, code: 5)],
                "referral" =>
                [
                    DnsPackets.Reply(
                        ask,
                        authorities: [DnsPackets.Record("example", DnsType.Ns, DnsPackets.Name("ns.example"))],
                        flags: 0x8000
                    ),
                ],
                "garbage" =>
                [
                    [.. DnsPackets.Reply(ask), 1, 2, 3],
                ],
                _ => [],
            }
        );
        foreach (
            var (name, expected) in new (string, Type)[]
            {
                ("nxdomain", typeof(DnsAnswer.NoSuchName)),
                ("nodata", typeof(DnsAnswer.NoData)),
                ("servfail", typeof(DnsAnswer.ServerFailure)),
                ("refused", typeof(DnsAnswer.ServerFailure)),
                ("referral", typeof(DnsAnswer.ServerFailure)),
                ("garbage", typeof(DnsAnswer.ServerFailure)),
            }
        )
        {
            behaviour = name;
            using var resolver = Resolver(server);
            Assert.IsType(expected, await AskAsync(resolver, DnsType.Txt));
        }

        behaviour = "silence";
        using var hurried = new DnsResolver(
            new() { Servers = [server.Address], Timeout = TimeSpan.FromMilliseconds(50) },
            TimeProvider.System
        );
        var before = server.Asked.Count;
        Assert.IsType<DnsAnswer.TimedOut>(await AskAsync(hurried, DnsType.Txt));
        Assert.Equal(2, server.Asked.Count - before);
    }

    [Fact]
    public async Task The_next_server_is_asked_where_one_is_away_silent_or_broken()
    {
        await using var silent = TestDnsServer.Start(_ => []);
        await using var broken = TestDnsServer.Start(ask => [DnsPackets.Reply(ask, code: 2)]);
        await using var good = TestDnsServer.Start(ask => [DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true")])]);
        var away = Unused();
        using var resolver = new DnsResolver(
            new()
            {
                Servers = [away, silent.Address, broken.Address, good.Address],
                Timeout = TimeSpan.FromMilliseconds(300),
            },
            TimeProvider.System
        );
        Assert.Equal(["true"], (await AskAsync(resolver, DnsType.Txt)).Texts);
    }

    [Fact]
    public async Task A_server_from_before_EDNS_is_asked_in_its_own_words()
    {
        await using var server = TestDnsServer.Start(ask =>
            [ask.HasEdns ? DnsPackets.Reply(ask, code: 1) : DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true")])]
        );
        using var resolver = Resolver(server);
        Assert.Equal(["true"], (await AskAsync(resolver, DnsType.Txt)).Texts);
    }

    [Fact]
    public async Task An_answer_is_kept_for_its_TTL_and_for_an_hour_at_most()
    {
        var clock = new SteppedClock();
        var ttl = 100u;
        await using var server = TestDnsServer.Start(ask =>
            [DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true", ttl)])]
        );
        using var resolver = new DnsResolver(new() { Servers = [server.Address] }, clock);
        await AskAsync(resolver, DnsType.Txt);
        clock.Advance(TimeSpan.FromSeconds(99));
        var kept = Assert.IsType<DnsAnswer.Found>(await AskAsync(resolver, DnsType.Txt));
        Assert.Equal(TimeSpan.FromSeconds(1), kept.Ttl);
        Assert.Single(server.Asked);
        clock.Advance(TimeSpan.FromSeconds(1));
        ttl = 1_000_000;
        await AskAsync(resolver, DnsType.Txt);
        clock.Advance(TimeSpan.FromMinutes(59));
        await AskAsync(resolver, DnsType.Txt);
        Assert.Equal(2, server.Asked.Count);
        await resolver.ResolveAsync(Question, DnsFreshness.Fresh, CancellationToken.None);
        Assert.Equal(3, server.Asked.Count);
        clock.Advance(TimeSpan.FromMinutes(60));
        await AskAsync(resolver, DnsType.Txt);
        Assert.Equal(4, server.Asked.Count);
    }

    [Fact]
    public async Task That_there_is_nothing_is_kept_as_its_SOA_says_and_a_failure_never()
    {
        var clock = new SteppedClock();
        var code = 3;
        await using var server = TestDnsServer.Start(ask =>
            [DnsPackets.Reply(ask, authorities: code == 3 ? [DnsPackets.Soa("example", 60, 90)] : [], code: code)]
        );
        using var resolver = new DnsResolver(new() { Servers = [server.Address] }, clock);
        Assert.IsType<DnsAnswer.NoSuchName>(await AskAsync(resolver, DnsType.Txt));
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.IsType<DnsAnswer.NoSuchName>(await AskAsync(resolver, DnsType.Txt));
        Assert.Single(server.Asked);
        clock.Advance(TimeSpan.FromSeconds(1));
        code = 2;
        Assert.IsType<DnsAnswer.ServerFailure>(await AskAsync(resolver, DnsType.Txt));
        var asked = server.Asked.Count;
        Assert.IsType<DnsAnswer.ServerFailure>(await AskAsync(resolver, DnsType.Txt));
        Assert.True(server.Asked.Count > asked);
    }

    [Fact]
    public void The_cache_is_bounded()
    {
        var cache = new DnsCache(new SteppedClock());
        for (var i = 0; i < 20_000; i++)
        {
            var name = DnsName.Parse($"n{i}.example");
            cache.Keep(new(name, DnsType.Txt), new DnsAnswer.NoData(TimeSpan.FromSeconds(60)));
            Assert.True(cache.Count <= DnsLimits.CachedAnswers);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:53")]
    [InlineData("192.0.2.1:5353", "192.0.2.1:5353")]
    [InlineData("2001:db8::1", "[2001:db8::1]:53")]
    [InlineData("[2001:db8::1]:5353", "[2001:db8::1]:5353")]
    public void A_server_is_an_address_with_a_port_or_without(string text, string expected)
    {
        Assert.True(DnsResolverOptions.TryParseServer(text, out var server));
        Assert.Equal(expected, server.ToString());
    }

    [Fact]
    public void The_machines_own_servers_are_read()
    {
        Assert.Equal(
            ["192.0.2.1:53", "[2001:db8::1]:53"],
            DnsResolverOptions
                .ReadResolvConf(
                    "# nameserver 9.9.9.9\nsearch example\nnameserver\t192.0.2.1 # us\r\nnameserver 2001:db8::1\nnameserver x\n"
                )
                .Select(s => s.ToString())
        );
        Assert.Equal(["127.0.0.1:53"], DnsResolverOptions.ReadResolvConf("").Select(s => s.ToString()));
    }

    private static DnsResolver Resolver(TestDnsServer server) =>
        new(new() { Servers = [server.Address], Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System);

    private static async Task<DnsAnswer> AskAsync(DnsResolver resolver, DnsType type) =>
        await resolver.ResolveAsync(Question with { Type = type }, DnsFreshness.Cached, CancellationToken.None);

    private static async Task<DnsData> OneAsync(DnsResolver resolver, DnsType type) =>
        Assert.IsType<DnsAnswer.Found>(await AskAsync(resolver, type)).Records.Single().Data;

    private static IPEndPoint Unused()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Time passes when the test says so; timers run by the machine's own.</summary>
    private sealed class SteppedClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(TimeSpan by) => ticks += by.Ticks;
    }
}
