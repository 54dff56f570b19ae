using System.Net;
using System.Net.Sockets;
using Gateway.Net;
using Gateway.Subscriptions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Subscriptions;

/// <summary>A18: a webhook reaches no address that is not public, whatever a tenant writes and whatever a name answers.</summary>
public sealed class A18_WebhookTargetTests(TestCluster cluster) : IDisposable
{
    private readonly TcpListener inside = new(IPAddress.Parse("127.0.0.2"), 0);

    private int Port => ((IPEndPoint)inside.LocalEndpoint).Port;

    public void Dispose() => inside.Dispose();

    private static readonly (string Url, string Because)[] Inside =
    [
        ("http://hooks.example/", "https://"),
        ("ftp://hooks.example/", "https://"),
        ("https://127.0.0.1/", "not public"),
        ("https://10.1.2.3/", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("https://100.100.100.200/", "not public"),
        ("https://[::1]/", "not public"),
        ("https://[::ffff:127.0.0.1]/", "not public"),
        ("https://[fd00:ec2::254]/", "not public"),
        ("https://[64:ff9b::7f00:1]/", "not public"),
        ("https://2130706433/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://127.1/", "host"),
        ("https://user:secret@hooks.example/", "user"),
        ("https://hooks.example\\@127.0.0.1/", "backslash"),
        ("https://hooks.example:22/", "port 22 is closed"),
        ("https://localhost/", "not public"),
        ("https://mixed.example/", "not public"),
        ("https://hooks.example/#part", "fragment"),
    ];

    [Fact]
    public async Task A_target_inside_is_refused_when_it_is_named()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster, Production());
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        foreach (var (url, because) in Inside)
        {
            var refused = await client.PostJsonAsync("/v1/subscriptions", new { url }).Expect(422);
            Assert.Equal(("url", url), (refused["field"], refused["value"]));
            Assert.Contains(because, refused["accepted"], StringComparison.Ordinal);
        }

        Assert.Equal(0L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM subscriptions"));
    }

    [Fact]
    public async Task A_public_target_is_taken_also_one_whose_name_has_no_address_yet()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster, Production());
        foreach (
            var url in (string[])
                [
                    "https://hooks.example/in?token=1",
                    "https://hooks.example:8443/in",
                    "https://not-there-yet.example/",
                    "https://93.184.216.34/",
                ]
        )
        {
            using var subscriber = await host.SubscribeAsync(url);
            Assert.Equal(url, (await subscriber.ReadAsync())["url"]);
            await subscriber.ChangeAsync(new { url = "https://192.168.0.1/" }).Expect(422);
        }
    }

    [Fact]
    public async Task A_name_that_turns_inside_after_it_was_accepted_is_not_connected_to()
    {
        inside.Start();
        var asked = 0;
        var targets = new WebhookTargets(
            AddressPolicy.PublicOnly([Port], IPNetwork.Parse("127.0.0.1/32")),
            allowHttp: true,
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(++asked == 1 ? "127.0.0.1" : "127.0.0.2")])
        );
        await using var host = await SubscriptionHost.StartAsync(cluster, targets);
        using var subscriber = await host.SubscribeAsync($"http://rebinding.example:{Port}/");
        await using var sender = await WebhookSender.StartAsync(host.Ledger, targets: targets);
        await RefusedAsync(host, subscriber);
        Assert.True(asked > 1);
    }

    [Fact]
    public async Task An_address_inside_that_stands_in_the_ledger_is_not_connected_to()
    {
        inside.Start();
        var targets = new WebhookTargets(
            AddressPolicy.PublicOnly([Port], IPNetwork.Parse("127.0.0.1/32")),
            allowHttp: true
        );
        await using var host = await SubscriptionHost.StartAsync(cluster, targets);
        using var subscriber = await host.SubscribeAsync($"http://127.0.0.1:{Port}/");
        await host.Ledger.ExecuteAsync("UPDATE subscriptions SET url = replace(url, '127.0.0.1', '127.0.0.2')");
        await using var sender = await WebhookSender.StartAsync(host.Ledger, targets: targets);
        await RefusedAsync(host, subscriber);
    }

    [Fact]
    public async Task A_redirect_to_the_inside_is_not_followed()
    {
        inside.Start();
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        int[] statuses = [301, 302, 303, 307, 308];
        foreach (var status in statuses)
        {
            receiver.Always(status, "location", $"http://127.0.0.2:{Port}/");
            var test = await SendingTests.TestAsync(subscriber);
            Assert.Equal("failed", test.Body["delivery"]!["result"]!.ToString());
            Assert.Equal($"{status}: redirects are not followed", test.Body["delivery"]!["error"]!.ToString());
        }

        Assert.False(inside.Pending());
        Assert.Equal(statuses.Length, receiver.Calls.Count);
    }

    private async Task RefusedAsync(SubscriptionHost host, Subscriber subscriber)
    {
        await SendingTests.AppendAsync(host.Ledger, subscriber.Tenant, "limit.reached");
        await Eventually.EqualAsync(1, async () => (await subscriber.TriesAsync()).Count, "one try is written down");
        var made = (await subscriber.TriesAsync())[0];
        Assert.Equal("failed", made["result"]!.ToString());
        Assert.Null(made["status"]);
        Assert.EndsWith("its address is not public", made["error"]!.ToString(), StringComparison.Ordinal);
        Assert.False(inside.Pending());
    }

    /// <summary>As a host has it outside development, with names of its own.</summary>
    private static WebhookTargets Production() =>
        new(
            AddressPolicy.PublicOnly([443, 8443]),
            allowHttp: false,
            (name, _) =>
                name switch
                {
                    "hooks.example" => Task.FromResult<IPAddress[]>([IPAddress.Parse("93.184.216.34")]),
                    "localhost" => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
                    "mixed.example" => Task.FromResult<IPAddress[]>([
                        IPAddress.Parse("93.184.216.34"),
                        IPAddress.Parse("10.0.0.1"),
                    ]),
                    _ => throw new SocketException((int)SocketError.HostNotFound),
                }
        );
}
