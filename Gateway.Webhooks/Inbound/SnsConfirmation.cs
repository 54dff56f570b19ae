using Gateway.Providers.Ses;

namespace Gateway.Webhooks.Inbound;

/// <summary>
/// Tells SNS that we want a topic's messages, by visiting the address that its signed request names: Amazon's own host, by
/// the name and by the address that we connect to.
/// </summary>
internal sealed class SnsConfirmation(AmazonFetch fetch, AccountNews account)
{
    /// <summary>False where Amazon did not answer; it is tried again.</summary>
    public async Task<bool> ConfirmAsync(string path, Uri url, CancellationToken cancel)
    {
        if (await fetch.GetAsync(url, cancel) is null)
        {
            return false;
        }

        await account.TellAsync(path, "events.confirmed", "SNS tells its events here now", new { url.Host }, cancel);
        return true;
    }
}

/// <summary>A GET at Amazon; see <see cref="SnsCertificates.Guarded"/>.</summary>
internal sealed record AmazonFetch(Func<Uri, CancellationToken, Task<byte[]?>> GetAsync);
