using Gateway.Net;

namespace Gateway.Providers.Ses;

/// <summary>
/// Whether a URL in an SNS message is Amazon's: <c>sns.REGION.amazonaws.com</c> of the topic's own region, and nothing that
/// only looks like it.
/// </summary>
public static class SnsHost
{
    /// <summary>Public addresses at the port of https.</summary>
    public static AddressPolicy Addresses { get; } = AddressPolicy.PublicOnly([443]);

    public static bool TryParse(string? text, string region, out Uri? url)
    {
        url = null;
        return text is not null
            && region.Length >= 3
            && region.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            && GuardedUrl.TryParse(text, Addresses, allowHttp: false, out url, out _)
            && (url!.Host == $"sns.{region}.amazonaws.com" || url.Host == $"sns.{region}.amazonaws.com.cn");
    }
}
