using System.Net;
using System.Text.Json;
using Gateway.Mail.Tests;
using Gateway.Net;

namespace Gateway.Tests.Net;

/// <summary>RELIABILITY A18: only a URL whose host every reader takes alike, and only to what is open.</summary>
public sealed class GuardedUrlTests
{
    private static readonly AddressPolicy Web = AddressPolicy.PublicOnly([443, 80]);

    [Theory]
    [InlineData("https://hooks.example.com/x?y=1#z")]
    [InlineData("https://hooks.example.com")]
    [InlineData("https://HOOKS.example.com/")]
    [InlineData("https://hooks.example.com.:443/")]
    [InlineData("https://xn--bcher-kva.example/")]
    [InlineData("https://8.8.8.8/")]
    [InlineData("https://[2606:4700::1111]/")]
    [InlineData("https://a_b.example/")]
    [InlineData("https://hooks.example.com/%40%5C@")]
    public void Accepted(string url) => Assert.True(TryParse(url, out var problem), problem);

    [Theory]
    [InlineData("http://hooks.example.com/")]
    [InlineData("ftp://hooks.example.com/")]
    [InlineData("HTTPS://hooks.example.com/")]
    [InlineData("//hooks.example.com/")]
    [InlineData("https:hooks.example.com/")]
    [InlineData("https:///hooks.example.com/")]
    [InlineData("https://hooks.example.com:22/")]
    [InlineData("https://hooks.example.com:0443/")]
    [InlineData("https://hooks.example.com:/")]
    [InlineData("https://user@hooks.example.com/")]
    [InlineData("https://hooks.example.com\\@127.0.0.1/")]
    [InlineData("https://127.0.0.1\\@hooks.example.com/")]
    [InlineData("https://hooks.example.com%2f@127.0.0.1/")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://017700000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://127.0.0.1./")]
    [InlineData("https://1.2.3.08/")]
    [InlineData("https://example.0x/")]
    [InlineData("https://example.1/")]
    [InlineData("https://%31%32%37.0.0.1/")]
    [InlineData("https://１２７.0.0.1/")]
    [InlineData("https://127。0。0。1/")]
    [InlineData("https://ⓛocalhost/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[64:ff9b::7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://[2606:4700:0::1111]/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://100.100.100.200/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://hooks..example.com/")]
    [InlineData("https://-hooks.example.com/")]
    [InlineData("https://xn--a/")]
    [InlineData("https://hooks.example.com/a b")]
    [InlineData("https://hooks.exam\tple.com/")]
    [InlineData(" https://hooks.example.com/")]
    [InlineData("https://bücher.example/")]
    [InlineData("https://")]
    [InlineData("")]
    public void Refused(string url)
    {
        Assert.False(TryParse(url, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void A_URL_may_be_just_so_long()
    {
        const string start = "https://hooks.example.com/";
        Assert.True(TryParse(start + new string('a', GuardedUrl.LongestUrl - start.Length), out _));
        Assert.False(TryParse(start + new string('a', GuardedUrl.LongestUrl - start.Length + 1), out _));
    }

    [Fact]
    public void Of_the_WHATWG_vectors_none_is_accepted_with_another_host_than_WHATWG_reads()
    {
        var (seen, accepted) = (0, 0);
        foreach (var vector in Vectors())
        {
            var input = vector.GetProperty("input").GetString()!;
            seen++;
            // Ports are another test's business; here all are open, and http, so that as many hosts as can be are compared.
            var open = AddressPolicy.PublicOnly(
                Enumerable.Range(1, 65_535),
                IPNetwork.Parse("0.0.0.0/0"),
                IPNetwork.Parse("::/0")
            );
            if (!GuardedUrl.TryParse(input, open, allowHttp: true, out var url, out _))
            {
                continue;
            }

            accepted++;
            Assert.False(vector.TryGetProperty("failure", out _), $"WHATWG refuses {input}");
            // [::127.0.0.1] and [::7f00:1] are one address in two spellings.
            var host = vector.GetProperty("hostname").GetString()!;
            var isSame =
                IPAddress.TryParse(host, out var read) && IPAddress.TryParse(url!.Host, out var ours)
                    ? read.Equals(ours)
                    : host.Equals(url!.Host, StringComparison.OrdinalIgnoreCase);
            Assert.True(isSame, $"{input}: {host} or {url.Host}?");
            var port = vector.GetProperty("port").GetString()!;
            Assert.Equal(
                port.Length == 0
                    ? url.Scheme == "https"
                        ? "443"
                        : "80"
                    : port,
                url.Port.ToString()
            );
        }

        TestContext.Current.SendDiagnosticMessage($"{seen} vectors, {accepted} accepted with the same host");
        Assert.True(seen > 400 && accepted > 20, $"{seen} seen, {accepted} accepted");
    }

    [Fact]
    public void Of_the_WHATWG_vectors_no_private_address_gets_past()
    {
        foreach (var vector in Vectors())
        {
            var input = vector
                .GetProperty("input")
                .GetString()!
                .Replace("http://", "https://", StringComparison.Ordinal);
            if (
                vector.TryGetProperty("hostname", out var host)
                && IPAddress.TryParse(host.GetString(), out var address)
                && !PublicAddresses.IsPublic(address)
            )
            {
                Assert.False(GuardedUrl.TryParse(input, Web, allowHttp: true, out _, out _), input);
            }
        }
    }

    private static bool TryParse(string url, out string problem) =>
        GuardedUrl.TryParse(url, Web, allowHttp: false, out _, out problem);

    private static List<JsonElement> Vectors() =>
        [
            .. JsonSerializer
                .Deserialize<JsonElement[]>(File.ReadAllText(Corpora.Path("url-ssrf", "urltestdata.json")))!
                .Where(v => v.ValueKind == JsonValueKind.Object),
        ];
}
