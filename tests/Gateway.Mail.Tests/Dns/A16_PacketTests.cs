using System.Diagnostics;
using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

/// <summary>Whatever the octets: a message, or a refusal that says why (RELIABILITY A16).</summary>
public sealed class A16_PacketTests
{
    [Fact]
    public void A16_every_packet_of_the_corpus_is_read_or_refused_at_once()
    {
        var files = Directory.GetFiles(Corpora.Path("dns-packets", "responses"));
        Assert.NotEmpty(files);
        var (read, refused) = (0, 0);
        foreach (var file in files)
        {
            var packet = File.ReadAllBytes(file);
            Decode(packet); // compiled
            var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            var isRead = Decode(packet);
            (read, refused) = isRead ? (read + 1, refused) : (read, refused + 1);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(
                watch.ElapsedMilliseconds <= 1_000,
                $"{Path.GetFileName(file)}: {watch.ElapsedMilliseconds} ms"
            );
            Assert.True(allocated <= 1 << 20, $"{Path.GetFileName(file)}: {allocated} bytes");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{files.Length} packets: {read} read, {refused} refused");
        Assert.True(read > 0);
    }

    [Fact]
    public void A16_every_name_of_the_corpus_is_read_or_refused_and_what_is_read_is_written_the_same()
    {
        var files = Directory.GetFiles(Corpora.Path("dns-packets", "names"));
        Assert.NotEmpty(files);
        var read = 0;
        foreach (var file in files)
        {
            if (DnsName.TryParse(File.ReadAllText(file).TrimEnd('\n'), out var name))
            {
                read++;
                Assert.True(DnsName.TryParse(name.ToString(), out var again));
                Assert.Equal(name, again);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{files.Length} names: {read} read");
    }

    [Fact]
    public void A16_of_10000_mutated_answers_each_is_read_or_refused()
    {
        var seeds = Seeds();
        var random = new Random(16);
        var read = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var packet = seeds[random.Next(seeds.Length)].ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            }

            var length = random.Next(4) == 0 ? random.Next(packet.Length + 1) : packet.Length;
            read += Decode(packet.AsSpan(0, length)) ? 1 : 0;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{read} of 10,000 read");
        Assert.InRange(read, 1, 9_999);
    }

    [Theory]
    [InlineData("C00C")] // itself
    [InlineData("C00E")] // forward
    [InlineData("FFFF")] // past the end
    [InlineData("C000")] // into the head
    [InlineData("0161C00C")] // a label and then itself
    [InlineData("40")] // a kind of label that is no longer made
    [InlineData("80")]
    [InlineData("05616263")] // cut off
    [InlineData("")]
    public void A16_a_name_that_never_ends_is_refused(string name)
    {
        byte[] packet = [0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, .. Convert.FromHexString(name)];
        Assert.False(DnsMessage.TryDecode(packet, out _, out var refusal));
        Assert.NotNull(refusal.Rule);
    }

    [Fact]
    public void A16_pointers_that_unfold_to_more_than_255_octets_are_refused()
    {
        var label = DnsPackets.Name(new string('a', 63))[..64];
        byte[] question = [.. label, .. label, .. label, 0, 0, 16, 0, 1];
        // 64 octets more before the 193 of the question: 257 in all.
        byte[] record = [.. label, 0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 1, (byte)'x'];
        Assert.False(DnsMessage.TryDecode(DnsPackets.Message(1, 0x8180, [question], [record], [], []), out _, out _));
        byte[] shorter = [3, 97, 97, 97, .. record.AsSpan(64)];
        Assert.True(DnsMessage.TryDecode(DnsPackets.Message(1, 0x8180, [question], [shorter], [], []), out _, out _));
    }

    [Fact]
    public void A16_the_longest_chain_of_pointers_costs_no_time()
    {
        // 16 KiB of pointers, each to the one before, and a thousand records that begin at the last.
        var packet = new List<byte>([0, 0, 0x81, 0x80, 0, 0, 0x03, 0xE8, 0, 0, 0, 0]);
        packet.AddRange(DnsPackets.Record("", (DnsType)999, new byte[16_000]));
        var pointers = packet.ToArray();
        for (var at = 26; at < 16_000; at += 2)
        {
            var target = at == 26 ? 12 : at - 2;
            (pointers[at], pointers[at + 1]) = ((byte)(0xC0 | (target >> 8)), (byte)target);
        }

        byte[] tail = [0xFE, 0x70, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 1, (byte)'x'];
        byte[] whole = [.. pointers, .. Enumerable.Repeat(tail, 999).SelectMany(t => t)];
        var watch = Stopwatch.StartNew();
        Assert.False(DnsMessage.TryDecode(whole, out _, out _));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData(DnsType.A, "010203")]
    [InlineData(DnsType.A, "0102030405")]
    [InlineData(DnsType.Aaaa, "01020304")]
    [InlineData(DnsType.Txt, "")]
    [InlineData(DnsType.Txt, "0561")]
    [InlineData(DnsType.Mx, "00")]
    [InlineData(DnsType.Mx, "000A")]
    [InlineData(DnsType.Cname, "")]
    [InlineData(DnsType.Cname, "0161")]
    [InlineData(DnsType.Cname, "016100FF")]
    [InlineData(DnsType.Soa, "0000")]
    public void A16_data_that_does_not_fill_its_length_exactly_is_refused(DnsType type, string data)
    {
        var record = DnsPackets.Record("a.example", type, Convert.FromHexString(data));
        Assert.False(DnsMessage.TryDecode(DnsPackets.Message(1, 0x8180, [], [record], [], []), out _, out _));
    }

    [Fact]
    public void A16_counts_above_the_limit_are_refused_before_they_are_believed()
    {
        byte[] packet = [0, 0, 0x81, 0x80, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        Assert.False(DnsMessage.TryDecode(packet, out _, out var refusal));
        Assert.Contains("records", refusal.Rule, StringComparison.Ordinal);
    }

    private static bool Decode(ReadOnlySpan<byte> packet)
    {
        var isRead = DnsMessage.TryDecode(packet, out var message, out var refusal);
        Assert.Equal(isRead, message is not null);
        Assert.Equal(isRead, refusal.Rule is null);
        return isRead;
    }

    internal static byte[][] Seeds() =>
        [
            DnsPackets.Message(
                1,
                0x8180,
                [DnsPackets.Question("www.tenant.example", DnsType.Txt)],
                [
                    DnsPackets.Alias("www.tenant.example", "b.example"),
                    DnsPackets.Txt("b.example", "v=DKIM1; p=" + new string('A', 392)),
                    [0xC0, 12, 0, 15, 0, 1, 0, 0, 1, 44, 0, 4, 0, 10, 0xC0, 16],
                ],
                [DnsPackets.Soa("example")],
                [
                    [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0],
                ]
            ),
            DnsPackets.Message(
                2,
                0x8183,
                [DnsPackets.Question("nothing.example", DnsType.A)],
                [],
                [DnsPackets.Soa("example")],
                []
            ),
            DnsPackets.Message(
                3,
                0x8580,
                [DnsPackets.Question("a.example", DnsType.Aaaa)],
                [DnsPackets.Address("a.example", "2001:db8::1"), DnsPackets.Address("a.example", "192.0.2.1")],
                [DnsPackets.Record("example", DnsType.Ns, DnsPackets.Name("ns.example"))],
                [DnsPackets.Record("a.example", DnsType.Caa, [0, 5, .. "issue;"u8])]
            ),
        ];
}
