using Microsoft.Extensions.Configuration;

namespace Gateway.ReturnMail;

/// <summary>Where what we send sends its recipients and their hosts back to; from <c>Gateway</c>.</summary>
public sealed record ReturnMailOptions
{
    /// <summary>The domain of our own MAIL FROM and of unsubscribing by mail, an A-label; null: the From's address stays.</summary>
    public string? BounceDomain { get; init; }

    /// <summary>Where the public reaches Gateway.Webhooks, ending in a slash; null: no links of ours are written.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>In development the Webhooks host itself, as the app model tells where it is.</summary>
    /// <exception cref="InvalidOperationException">A setting is no domain or no URL.</exception>
    public static ReturnMailOptions Read(IConfiguration configuration, bool isDevelopment)
    {
        var domain = configuration["Gateway:BounceDomain"];
        if (string.IsNullOrWhiteSpace(domain))
        {
            domain = null;
        }
        else if (
            !Mail.Addresses.EmailAddress.TryParse($"x@{domain}", out var parsed, out _) || parsed.Domain.Contains('[')
        )
        {
            throw new InvalidOperationException(
                $"Gateway:BounceDomain is '{domain}'; it must be a domain such as bounces.example.com"
            );
        }
        else
        {
            domain = parsed.Domain;
        }

        var given = configuration["Gateway:PublicUrl"];
        if (string.IsNullOrWhiteSpace(given))
        {
            given = isDevelopment ? configuration["services:webhooks:http:0"] : null;
        }

        return new ReturnMailOptions { BounceDomain = domain, PublicUrl = Url(given, isDevelopment) };
    }

    private static Uri? Url(string? given, bool isDevelopment)
    {
        if (given is null)
        {
            return null;
        }

        // RFC 8058 §3.1: the link is an https one. On a developer's machine there is no certificate.
        return
            Uri.TryCreate(given.EndsWith('/') ? given : given + "/", UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (isDevelopment && url.Scheme == Uri.UriSchemeHttp))
            && url is { Query: "", Fragment: "", UserInfo: "" }
            && url.AbsoluteUri.Length <= LongestUrl
            ? url
            : throw new InvalidOperationException(
                $"Gateway:PublicUrl is '{given}'; it must be an https URL without query, such as https://mail.example.com"
            );
    }

    private const int LongestUrl = 200;
}
