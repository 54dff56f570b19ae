using Gateway.Api.Auth.Shield;
using Microsoft.AspNetCore.HttpOverrides;

namespace Gateway.Api.Auth.Proxies;

/// <summary>
/// Over HTTP a trusted proxy says in <c>X-Forwarded-For</c> who its client is. Without <c>Gateway:TrustedProxies</c>, and
/// from any other peer, nobody looks at that header.
/// </summary>
internal sealed class ForwardedClients(ShieldOptions options) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            if (options.TrustedNetworks() is { Length: > 0 } networks)
            {
                app.UseForwardedHeaders(Believe(networks));
            }

            next(app);
        };

    private static ForwardedHeadersOptions Believe(System.Net.IPNetwork[] networks)
    {
        // From the right, as far as trusted proxies wrote it: what stands left of the first stranger is his own word.
        var believed = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor,
            ForwardLimit = null,
        };
        // Loopback is among the defaults; here nobody is trusted who was not named.
        believed.KnownProxies.Clear();
        believed.KnownIPNetworks.Clear();
        foreach (var network in networks)
        {
            believed.KnownIPNetworks.Add(network);
        }

        return believed;
    }
}
