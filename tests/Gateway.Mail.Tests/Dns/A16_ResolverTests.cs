using System.Net;
using System.Net.Sockets;
using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

/// <summary>The resolver against a server that means no good (RELIABILITY A16).</summary>
public sealed class A16_ResolverTests
{
    private const string Name = "selector._domainkey.tenant.example";
    private static readonly DnsQuestion Question = new(DnsName.Parse(Name), DnsType.Txt);

    [Fact]
    public async Task A16_of_65536_replies_with_every_id_or_from_another_port_none_is_accepted()
    {
        using var elsewhere = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        elsewhere.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var server = TestDnsServer.Start(ask =>
        {
            if (ask.OverTcp)
            {
                return [DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true")])];
            }

            var forged = DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "forged")]);
            for (var id = 0; id <= ushort.MaxValue; id++)
            {
                (forged[0], forged[1]) = ((byte)(id >> 8), (byte)id);
                elsewhere.SendTo(forged, ask.From); // with the right id among them, and the wrong port
            }

            return Enumerable
                .Range(0, 65_536)
                .Where(id => id != ask.Id)
                .Select(id => (byte[])[(byte)(id >> 8), (byte)id, .. forged.AsSpan(2)]);
        });
        using var resolver = new DnsResolver(
            new() { Servers = [server.Address], Timeout = TimeSpan.FromSeconds(8) },
            TimeProvider.System
        );
        var answer = await resolver.ResolveAsync(Question, DnsFreshness.Fresh, CancellationToken.None);
        Assert.Equal(["true"], answer.Texts);
    }

    [Theory]
    [InlineData("another id")]
    [InlineData("another name")]
    [InlineData("another type")]
    [InlineData("another class")]
    [InlineData("no question")]
    [InlineData("two questions")]
    [InlineData("a question")]
    [InlineData("another operation")]
    [InlineData("one octet")]
    [InlineData("nothing")]
    public async Task A16_a_packet_that_does_not_answer_the_question_is_passed_over(string what)
    {
        await using var server = TestDnsServer.Start(ask =>
            [Forge(ask, what), DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true")])]
        );
        Assert.Equal(["true"], (await AskAsync(server)).Texts);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task A16_a_name_in_another_case_is_asked_again_by_TCP()
    {
        await using var server = TestDnsServer.Start(ask =>
        {
            var reply = DnsPackets.Reply(ask, [DnsPackets.Txt(Name, ask.OverTcp ? "true" : "guessed")]);
            return [ask.OverTcp ? reply : InOtherCase(reply)];
        });
        Assert.Equal(["true"], (await AskAsync(server)).Texts);
        Assert.Equal([false, true], server.Asked.Select(a => a.OverTcp));
    }

    [Fact]
    public async Task A16_what_was_cut_off_is_asked_by_TCP_and_a_huge_TXT_arrives_whole()
    {
        var huge = new string('x', 60_000);
        var zone = new TestZone();
        zone.Txt(Name, huge);
        await using var server = TestDnsServer.Start(zone.Answer);
        var answer = await AskAsync(server);
        Assert.True(answer is DnsAnswer.Found, $"{answer}");
        Assert.Equal([huge], answer.Texts);
        Assert.Equal([false, true], server.Asked.Select(a => a.OverTcp));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public async Task A16_sixteen_aliases_are_followed_and_no_more(int aliases, bool found)
    {
        var zone = new TestZone();
        zone.Alias(Name, "a1.example");
        for (var i = 1; i < aliases; i++)
        {
            zone.Alias($"a{i}.example", $"a{i + 1}.example");
        }

        zone.Txt($"a{aliases}.example", "end");
        await using var whole = TestDnsServer.Start(zone.Answer);
        await using var oneByOne = TestDnsServer.Start(ask =>
        {
            // A server that does not follow aliases itself.
            var all = zone.Answer(ask).Single();
            DnsMessage.TryDecode(all, out var message, out _);
            return message!.Answers is [{ Data: DnsData.Host alias }, ..]
                ? [DnsPackets.Reply(ask, [DnsPackets.Alias(ask.Name, alias.Name.ToString())])]
                : [all];
        });
        Assert.Equal(found ? ["end"] : [], (await AskAsync(whole)).Texts);
        var answer = await AskAsync(oneByOne);
        Assert.Equal(found ? ["end"] : [], answer.Texts);
        Assert.Equal(found, answer is not DnsAnswer.ServerFailure);
    }

    [Fact]
    public async Task A16_aliases_in_a_circle_end_as_a_failure()
    {
        var zone = new TestZone();
        zone.Alias(Name, "other.example");
        zone.Alias("other.example", Name);
        await using var server = TestDnsServer.Start(zone.Answer);
        Assert.IsType<DnsAnswer.ServerFailure>(await AskAsync(server));
    }

    [Fact]
    public async Task A16_records_of_other_names_are_not_believed_and_not_kept()
    {
        const string bank = "bank.example";
        var poison = DnsPackets.Txt(bank, "poison");
        await using var server = TestDnsServer.Start(ask =>
            ask.Name.Equals(Name, StringComparison.OrdinalIgnoreCase)
                ?
                [
                    DnsPackets.Reply(
                        ask,
                        [poison, DnsPackets.Txt(Name, "mine"), DnsPackets.Txt("tenant.example", "above")],
                        [poison, DnsPackets.Record(bank, DnsType.Ns, DnsPackets.Name("evil.example"))],
                        [poison, DnsPackets.Txt(Name, "additional")]
                    ),
                ]
                : [DnsPackets.Reply(ask, [DnsPackets.Txt(ask.Name, "true")])]
        );
        using var resolver = Resolver(server);
        var answer = await resolver.ResolveAsync(Question, DnsFreshness.Cached, CancellationToken.None);
        Assert.Equal(["mine"], answer.Texts);
        var other = new DnsQuestion(DnsName.Parse(bank), DnsType.Txt);
        Assert.Equal(["true"], (await resolver.ResolveAsync(other, DnsFreshness.Cached, default)).Texts);
    }

    [Fact]
    public async Task A16_an_SOA_from_beside_says_nothing_about_how_long_there_is_nothing()
    {
        await using var server = TestDnsServer.Start(ask =>
            [DnsPackets.Reply(ask, authorities: [DnsPackets.Soa("elsewhere.example", 3_600, 3_600)], code: 3)]
        );
        var answer = Assert.IsType<DnsAnswer.NoSuchName>(await AskAsync(server));
        Assert.Equal(TimeSpan.Zero, answer.Ttl);
    }

    [Fact]
    public async Task A16_ids_ports_and_letters_differ_from_question_to_question()
    {
        await using var server = TestDnsServer.Start(ask => [DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true")])]);
        using var resolver = Resolver(server);
        for (var i = 0; i < 64; i++)
        {
            await resolver.ResolveAsync(Question, DnsFreshness.Fresh, CancellationToken.None);
        }

        var asked = server.Asked.ToArray();
        Assert.Equal(64, asked.Length);
        // 64 of 65,536: by chance two are equal in 3 of 100 runs, four pairs practically never.
        Assert.True(asked.Select(a => a.Id).Distinct().Count() > 60);
        Assert.True(asked.Select(a => a.From.Port).Distinct().Count() > 60);
        Assert.True(asked.Select(a => a.Name).Distinct(StringComparer.Ordinal).Count() > 60);
        var steps = asked.Zip(asked.Skip(1), (a, b) => (a.From.Port - b.From.Port, a.Id - b.Id)).ToArray();
        Assert.True(steps.Select(s => s.Item1).Distinct().Count() > 55, "ports follow a pattern");
        Assert.True(steps.Select(s => s.Item2).Distinct().Count() > 55, "ids follow a pattern");
    }

    [Fact]
    public async Task A16_who_asks_the_same_at_once_shares_one_packet()
    {
        using var go = new ManualResetEventSlim();
        await using var server = TestDnsServer.Start(ask =>
        {
            go.Wait();
            return [DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "true")])];
        });
        using var resolver = Resolver(server);
        var all = Enumerable
            .Range(0, 500)
            .Select(_ => resolver.ResolveAsync(Question, DnsFreshness.Fresh, CancellationToken.None).AsTask())
            .ToArray();
        go.Set();
        Assert.All(await Task.WhenAll(all), a => Assert.Equal(["true"], a.Texts));
        Assert.Single(server.Asked);
    }

    private static DnsResolver Resolver(TestDnsServer server) =>
        new(new() { Servers = [server.Address], Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System);

    private static async Task<DnsAnswer> AskAsync(TestDnsServer server)
    {
        using var resolver = Resolver(server);
        return await resolver.ResolveAsync(Question, DnsFreshness.Fresh, CancellationToken.None);
    }

    private static byte[] Forge(DnsAsk ask, string what)
    {
        var forged = DnsPackets.Reply(ask, [DnsPackets.Txt(Name, "forged")]);
        var asked = ask.Packet[12..ask.QuestionEnd];
        byte[][] answers = [DnsPackets.Txt(Name, "forged")];
        switch (what)
        {
            case "another id":
                forged[1] ^= 1;
                return forged;
            case "another name":
                forged[13] = (byte)(forged[13] == 'q' ? 'p' : 'q');
                return forged;
            case "another type":
                forged[ask.QuestionEnd - 3] ^= 1;
                return forged;
            case "another class":
                forged[ask.QuestionEnd - 1] ^= 2;
                return forged;
            case "no question":
                return DnsPackets.Message(ask.Id, DnsPackets.Response, [], answers, [], []);
            case "two questions":
                return DnsPackets.Message(ask.Id, DnsPackets.Response, [asked, asked], answers, [], []);
            case "a question":
                forged[2] &= 0x7F;
                return forged;
            case "another operation":
                forged[2] |= 0x28;
                return forged;
            case "one octet":
                return forged[..1];
            default:
                return [];
        }
    }

    private static byte[] InOtherCase(byte[] reply)
    {
        reply[13] ^= 0x20;
        return reply;
    }
}
