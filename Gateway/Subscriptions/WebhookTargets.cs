using System.Net;
using System.Net.Sockets;
using Gateway.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Gateway.Subscriptions;

/// <summary>
/// Where webhooks may go (RELIABILITY A18): public addresses by https; in development this machine too, at any port and by
/// http. Asked when a subscription is made, so that a person is told, and again at every connection, which is what guards.
/// </summary>
public sealed class WebhookTargets
{
    private static readonly TimeSpan LookAtMost = TimeSpan.FromSeconds(2);
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> resolve;

    public WebhookTargets(
        AddressPolicy policy,
        bool allowHttp,
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null
    )
    {
        (Policy, AllowHttp) = (policy, allowHttp);
        this.resolve = resolve ?? ((host, cancel) => Dns.GetHostAddressesAsync(host, cancel));
    }

    public AddressPolicy Policy { get; }

    public bool AllowHttp { get; }

    /// <summary>What is accepted, for people.</summary>
    public string Accepted =>
        AllowHttp
            ? $"an http or https URL of at most {GuardedUrl.LongestUrl} characters, of a public host or this machine"
            : $"an https URL of at most {GuardedUrl.LongestUrl} characters, port {string.Join(" or ", Policy.Ports ?? [])}, of a public host";

    /// <summary>Section <c>Gateway:Webhooks</c>: <c>AllowedNetworks</c> opens networks of the operator's own to tenants.</summary>
    public static WebhookTargets Of(IConfiguration configuration, IHostEnvironment environment)
    {
        var own = configuration.GetSection("Gateway:Webhooks:AllowedNetworks").Get<string[]>() ?? [];
        var networks = own.Select(IPNetwork.Parse);
        return environment.IsDevelopment()
            ? new(
                AddressPolicy.PublicOnly(
                    Enumerable.Range(1, ushort.MaxValue),
                    [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128"), .. networks]
                ),
                allowHttp: true
            )
            : new(AddressPolicy.PublicOnly([443, 8443], networks), allowHttp: false);
    }

    /// <summary>What is wrong with it; null where nothing is. A name without an address now may get one before it is used.</summary>
    public async Task<string?> ProblemAsync(string text, CancellationToken cancel)
    {
        if (!GuardedUrl.TryParse(text, Policy, AllowHttp, out var url, out var problem))
        {
            return problem;
        }

        if (url!.Fragment.Length > 0)
        {
            return "a fragment (#) is never sent";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(LookAtMost);
        try
        {
            var literal = IPAddress.TryParse(url.Host.Trim(['[', ']']), out _);
            var addresses = literal ? [] : await resolve(url.Host, limit.Token);
            return addresses.Select(Policy.Objection).FirstOrDefault(o => o is not null);
        }
        catch (Exception unknown) when (unknown is SocketException or OperationCanceledException or ArgumentException)
        {
            cancel.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>Connects to nothing else.</summary>
    public GuardedConnector Connector() => new(Policy, resolve);
}
