using System.Buffers;
using System.Text;
using Gateway.Api.Auth.Proxies;

namespace Gateway.Tests.Auth.Proxies;

/// <summary>What a proxy may say of its client, and what is no such word.</summary>
public sealed class ProxyHeaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    [Theory]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 56324 587\r\nEHLO x", "203.0.113.5:56324", 43)]
    [InlineData("PROXY TCP6 2001:db8::5 2001:db8::1 1 65535\r\n", "[2001:db8::5]:1", 44)]
    [InlineData("PROXY TCP4 0.0.0.0 255.255.255.255 0 0\r\n", "0.0.0.0:0", 40)]
    [InlineData("PROXY UNKNOWN\r\n", null, 15)]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff what ever\r\n", null, 41)]
    public void A_line_names_the_client(string line, string? client, int length)
    {
        Assert.True(ProxyHeader.TryRead(Encoding.ASCII.GetBytes(line), out var header));
        Assert.Equal((client, length), (header!.Client?.ToString(), header.Length));
    }

    [Theory]
    [InlineData("2111000C" + "CB007105" + "0A000001" + "DC04" + "024B", "203.0.113.5:56324", 28)]
    [InlineData("2111000F" + "CB007105" + "0A000001" + "DC04" + "024B" + "040000", "203.0.113.5:56324", 31)]
    [InlineData(
        "21210024" + "20010DB8000000000000000000000005" + "20010DB8000000000000000000000001" + "0001" + "FFFF",
        "[2001:db8::5]:1",
        52
    )]
    [InlineData("20000000", null, 16)]
    [InlineData("2011000C" + "CB007105" + "0A000001" + "DC04" + "024B", null, 28)]
    [InlineData("21000003" + "040000", null, 19)]
    public void A_binary_header_names_the_client(string hex, string? client, int length)
    {
        var bytes = Convert.FromHexString(Signature + hex);
        Assert.True(ProxyHeader.TryRead([.. bytes, .. "EHLO"u8], out var header));
        Assert.Equal((client, length), (header!.Client?.ToString(), header.Length));
    }

    [Theory]
    [InlineData("EHLO client.example\r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("proxy TCP4 203.0.113.5 10.0.0.1 1 2\r\n")]
    [InlineData("PROXYTCP4 203.0.113.5 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 1\r\n")]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 1 2 3\r\n")]
    [InlineData("PROXY TCP4  203.0.113.5 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 1 65536\r\n")]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 01 2\r\n")]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 +1 2\r\n")]
    [InlineData("PROXY TCP4 0x7f.1 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 203.0.113 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 203.0.113.005 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP4 ::1 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY TCP6 203.0.113.5 ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n")]
    [InlineData("PROXY TCP6 [::1] ::1 1 2\r\n")]
    [InlineData("PROXY UDP4 203.0.113.5 10.0.0.1 1 2\r\n")]
    [InlineData("PROXY \r\n")]
    public void What_is_no_header_is_refused(string text) =>
        Assert.False(ProxyHeader.TryRead(Encoding.ASCII.GetBytes(text), out _));

    [Theory]
    [InlineData("1111000C" + "CB007105" + "0A000001" + "DC04" + "024B")] // version 1
    [InlineData("2211000C" + "CB007105" + "0A000001" + "DC04" + "024B")] // no such command
    [InlineData("2112000C" + "CB007105" + "0A000001" + "DC04" + "024B")] // UDP
    [InlineData("21310000")] // a UNIX socket
    [InlineData("2111000B" + "CB007105" + "0A000001" + "DC04" + "02")] // too short for its family
    [InlineData("21210023" + "20010DB800000000000000000000000520010DB80000000000000000000000010001FF")]
    [InlineData("2111FFFF")] // longer than any
    public void A_binary_header_that_cannot_be_is_refused(string hex) =>
        Assert.False(ProxyHeader.TryRead(Convert.FromHexString(Signature + hex), out _));

    [Theory]
    [InlineData("PROXY TCP4 203.0.113.5 10.0.0.1 56324 587\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\u0020\0\0\0")]
    public void Every_part_of_a_header_waits_for_the_rest(string text)
    {
        var whole = Encoding.Latin1.GetBytes(text);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.True(ProxyHeader.TryRead(whole.AsSpan(0, length), out var early), $"after {length}");
            Assert.Null(early);
        }

        Assert.True(ProxyHeader.TryRead(new ReadOnlySequence<byte>(whole), out var header));
        Assert.Equal(whole.Length, header!.Length);
    }

    [Fact]
    public void A_line_without_an_end_is_given_up_after_107_bytes()
    {
        var line = Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 200));
        Assert.True(ProxyHeader.TryRead(line.AsSpan(0, 106), out _));
        Assert.False(ProxyHeader.TryRead(line.AsSpan(0, 107), out _));
        Assert.False(ProxyHeader.TryRead(line, out _));
    }

    [Fact]
    public void No_bytes_make_it_throw_or_read_beyond_them()
    {
        var random = new Random(7);
        byte[] seed = [.. Convert.FromHexString(Signature + "2111000CCB0071050A000001DC04024B")];
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = i % 2 == 0 ? seed.ToArray() : Encoding.ASCII.GetBytes("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n");
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var cut = bytes.AsSpan(0, random.Next(bytes.Length + 1));
            if (ProxyHeader.TryRead(cut, out var header) && header is not null)
            {
                Assert.InRange(header.Length, 1, cut.Length);
            }
        }
    }
}
