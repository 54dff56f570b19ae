using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.SmtpDoor;

namespace Gateway.Tests.Auth.Proxies;

/// <summary>
/// A25: who a client is, is taken from trusted proxies and from nobody else. The networks that the ledger remembers show
/// whom the doors believed.
/// </summary>
public sealed class A25_ForwardedTests(TestCluster cluster)
{
    private static readonly IPAddress Proxy = IPAddress.Parse("127.77.0.1");
    private static readonly IPAddress Stranger = IPAddress.Parse("127.88.0.1");

    [Fact]
    public async Task A25_Only_a_trusted_proxy_says_who_its_client_is_over_HTTP_and_SMTP()
    {
        await using var gateway = await RunningGateway.StartAsync(
            cluster,
            workers: 0,
            settings: new Dictionary<string, string?>
            {
                ["Gateway__TrustedProxies__0"] = "127.77.0.0/24",
                ["Gateway__Smtp__Port"] = "0",
                ["Gateway__Smtp__ImplicitTlsPort"] = "0",
                ["Gateway__Shield__Http__Burst"] = "5",
                ["Gateway__Shield__Http__PerMinute"] = "1",
                ["Gateway__Shield__NetworkFactor"] = "100",
                ["Gateway__Shield__MostDelayed"] = "1",
            }
        );
        await OverHttpAsync(gateway);
        await PenaltiesAsync(gateway);
        await OverSmtpAsync(gateway);
        await WithoutHeaderAsync(gateway);
    }

    private static async Task OverHttpAsync(RunningGateway gateway)
    {
        // What a proxy appended counts from the right, up to the first one that is not trusted: the rest is hearsay.
        (IPAddress From, string? Says, string? Network)[] cases =
        [
            (Stranger, null, "127.88.0.0/24"),
            (Stranger, "203.0.113.5", "127.88.0.0/24"),
            (Proxy, "203.0.113.5", "203.0.113.0/24"),
            (Proxy, "203.0.113.5:61000", "203.0.113.0/24"),
            (Proxy, "198.51.100.1, 203.0.113.5", "203.0.113.0/24"),
            (Proxy, "198.51.100.1, 203.0.113.5, 127.77.0.9", "203.0.113.0/24"),
            (Proxy, "2001:db8:5::1", "2001:db8:5::/48"),
            (Proxy, "nonsense", null),
            (Proxy, null, null),
        ];
        await Task.WhenAll(
            cases.Select(async c =>
            {
                var tenant = await gateway.Ledger.CreateTenantAsync();
                using var client = Client(gateway, c.From, tenant.Key.Text, c.Says);
                // A key that is looked up for the first time on a busy machine may be asked to come again.
                await Eventually.EqualAsync(
                    200,
                    async () =>
                    {
                        using var answer = await client.GetAsync("/v1/messages");
                        return (int)answer.StatusCode;
                    },
                    $"the answer to '{c.Says}' from {c.From}"
                );
                await SeenAsync(gateway, tenant, c.Network, $"'{c.Says}' from {c.From}");
            })
        );
    }

    private static async Task PenaltiesAsync(RunningGateway gateway)
    {
        // A stranger who changes the header with each request earns his penalty all the same.
        var spoofed = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(i => WrongAsync(gateway, Stranger, $"203.0.113.{i}"))
        );
        Assert.Contains(429, spoofed);
        // Behind a proxy one client's penalty is not the next one's.
        var guesser = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(_ => WrongAsync(gateway, Proxy, "198.51.100.77"))
        );
        Assert.Contains(429, guesser);
        Assert.Equal(401, await WrongAsync(gateway, Proxy, "198.51.100.78"));
    }

    private static async Task<int> WrongAsync(RunningGateway gateway, IPAddress from, string says)
    {
        using var client = Client(gateway, from, "wrong", says);
        using var answer = await client.GetAsync("/v1/messages");
        return (int)answer.StatusCode;
    }

    private static async Task OverSmtpAsync(RunningGateway gateway)
    {
        var binary = Convert.FromHexString(
            "0D0A0D0A000D0A515549540A" + "2111000C" + "CB007105" + "0A000001" + "DC04024B"
        );
        (byte[] Header, string? Network)[] cases =
        [
            (Encoding.ASCII.GetBytes("PROXY TCP4 203.0.113.5 10.0.0.1 56324 587\r\n"), "203.0.113.0/24"),
            (binary, "203.0.113.0/24"),
            (Encoding.ASCII.GetBytes("PROXY UNKNOWN\r\n"), null),
        ];
        await Task.WhenAll(
            cases.Select(async c =>
            {
                var tenant = await gateway.Ledger.CreateTenantAsync();
                await using var talk = await DoorTalk.ConnectAsync(gateway.SmtpPort(), Proxy);
                await talk.Send(c.Header);
                await LogInAsync(talk, tenant);
                await SeenAsync(gateway, tenant, c.Network, Encoding.Latin1.GetString(c.Header));
            })
        );

        // A stranger's header is one more command that nobody knows, and he stays who he is.
        var other = await gateway.Ledger.CreateTenantAsync();
        await using var spoofed = await DoorTalk.ConnectAsync(gateway.SmtpPort(), Stranger);
        Assert.StartsWith("220", await spoofed.Hear(), StringComparison.Ordinal);
        Assert.StartsWith(
            "5",
            await spoofed.Ask("PROXY TCP4 203.0.113.5 10.0.0.1 56324 587"),
            StringComparison.Ordinal
        );
        await LogInAsync(spoofed, other, isGreeted: true);
        await SeenAsync(gateway, other, "127.88.0.0/24", "a stranger's header");
    }

    private static async Task WithoutHeaderAsync(RunningGateway gateway)
    {
        await using var talk = await DoorTalk.ConnectAsync(gateway.SmtpPort(), Proxy);
        await talk.Send("EHLO client.example\r\n"u8.ToArray());
        Assert.Null(await talk.Hear());
        await using var implicitTls = await DoorTalk.ConnectAsync(gateway.SmtpPort(implicitTls: true), Proxy);
        await implicitTls.Send("PROXY TCP4 203.0.113.5 10.0.0.1 56324\r\n"u8.ToArray());
        Assert.Null(await implicitTls.Hear());
    }

    private static async Task LogInAsync(SmtpTalk talk, TestTenant tenant, bool isGreeted = false)
    {
        if (!isGreeted)
        {
            Assert.StartsWith("220", await talk.Hear(), StringComparison.Ordinal);
        }

        await talk.Ask("EHLO client.example");
        Assert.StartsWith("220", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Secure();
        await talk.Ask("EHLO client.example");
        Assert.StartsWith("235", await talk.Ask(DoorTalk.Plain(tenant.Key.Text)), StringComparison.Ordinal);
    }

    private static async Task SeenAsync(RunningGateway gateway, TestTenant tenant, string? network, string what)
    {
        const string written = "SELECT last_used_at IS NOT NULL FROM api_keys WHERE key_id = @Id";
        await Eventually.TrueAsync(
            () => gateway.Ledger.ScalarAsync<bool>(written, new { tenant.Key.Id }),
            "the key's use is written"
        );
        const string seen = "SELECT coalesce(string_agg(network, ' '), '') FROM tenant_networks WHERE tenant_id = @Id";
        await Eventually.EqualAsync(
            network ?? "",
            () => gateway.Ledger.ScalarAsync<string>(seen, new { tenant.Id }),
            what
        );
    }

    private static HttpClient Client(RunningGateway gateway, IPAddress from, string key, string? says)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(from, 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = gateway.Apis.Single().Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (says is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("X-Forwarded-For", says);
        }

        return client;
    }
}
