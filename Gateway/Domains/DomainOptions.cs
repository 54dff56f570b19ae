using System.Net;
using Gateway.Mail.Dns;
using Microsoft.Extensions.Configuration;

namespace Gateway.Domains;

/// <summary>What tenants are told to publish, and whom we ask; sections <c>Gateway:Dns</c> and <c>Gateway:Domains</c>.</summary>
public sealed record DomainOptions
{
    /// <summary>Recursive resolvers, <c>address</c> or <c>address:port</c>; without any, those of /etc/resolv.conf.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>A file in the format of publicsuffix.org; without it Debian's, if it is there.</summary>
    public string? PublicSuffixList { get; init; }

    /// <summary>Our zone in which a tenant's DKIM selectors may be aliases; null: tenants publish the keys themselves.</summary>
    public string? DkimZone { get; init; }

    /// <summary>Our SPF record, for tenants to include.</summary>
    public string? SpfInclude { get; init; }

    /// <summary>Our host for bounces, to which a tenant's return-path name may be an alias.</summary>
    public string? ReturnPathHost { get; init; }

    /// <summary>Where aggregate reports should go, as in <c>rua=mailto:…</c>.</summary>
    public string? DmarcReports { get; init; }

    /// <summary>
    /// Takes the tenant's word for the DKIM records of names below example, test, invalid and localhost, which have no
    /// DNS (RFC 2606). For development; the default outside it is not to.
    /// </summary>
    public bool TrustReservedNames { get; init; }

    /// <exception cref="InvalidOperationException">A server is no address.</exception>
    public static DomainOptions Read(IConfiguration configuration, bool isDevelopment)
    {
        var given = configuration.GetSection("Gateway:Dns:Servers").Get<string[]>() ?? [];
        var servers = given
            .Select(text =>
                DnsResolverOptions.TryParseServer(text, out var server)
                    ? server
                    : throw new InvalidOperationException(
                        $"Gateway:Dns:Servers has '{text}'; an IP address is wanted, with a port or without"
                    )
            )
            .ToArray();
        var section = configuration.GetSection("Gateway:Domains");
        return new DomainOptions
        {
            Servers = servers,
            PublicSuffixList = Text(section, "PublicSuffixList"),
            DkimZone = Text(section, "DkimZone")?.TrimEnd('.').ToLowerInvariant(),
            SpfInclude = Text(section, "SpfInclude"),
            ReturnPathHost = Text(section, "ReturnPathHost"),
            DmarcReports = Text(section, "DmarcReports"),
            TrustReservedNames = section.GetValue("TrustReservedNames", isDevelopment),
        };
    }

    /// <summary>RFC 2606 §2 and RFC 6761: names that DNS will never have.</summary>
    public bool IsTrusted(string domain) =>
        TrustReservedNames
        && domain[(domain.LastIndexOf('.') + 1)..] is "example" or "test" or "invalid" or "localhost";

    /// <summary>The configured servers, else the machine's.</summary>
    public DnsResolverOptions ToResolver()
    {
        const string machine = "/etc/resolv.conf";
        var servers =
            Servers.Count > 0 ? Servers
            : File.Exists(machine) ? DnsResolverOptions.ReadResolvConf(File.ReadAllText(machine))
            : DnsResolverOptions.ReadResolvConf("");
        return new DnsResolverOptions { Servers = servers };
    }

    private static string? Text(IConfiguration section, string name) =>
        section[name] is { Length: > 0 } text ? text : null;
}
