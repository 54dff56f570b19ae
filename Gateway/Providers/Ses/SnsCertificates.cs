using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Net;

namespace Gateway.Providers.Ses;

/// <summary>
/// The certificates that SNS signs with, fetched once each from Amazon's own host over TLS. What they are fetched by is
/// given: a GET of a URL whose host was checked.
/// </summary>
/// <param name="fetch">The bytes at the URL; null where it does not answer with some.</param>
public sealed class SnsCertificates(Func<Uri, CancellationToken, Task<byte[]?>> fetch, TimeProvider clock)
{
    /// <summary>Regions times the certificates that each has at a time.</summary>
    private const int MostKept = 64;
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    /// <summary>One that was not to be had is not asked for again at once.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Uri, Kept> kept = new();

    /// <summary>The fetch for a host: guarded, without redirects, at most 32 kB and 5 seconds.</summary>
    public static Func<Uri, CancellationToken, Task<byte[]?>> Guarded() => new GuardedFetch(SnsHost.Addresses).GetAsync;

    /// <summary>The certificate at the URL; null where it cannot be had now.</summary>
    public async Task<X509Certificate2?> FindAsync(Uri url, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        if (kept.TryGetValue(url, out var known) && known.Until > now)
        {
            return known.Certificate;
        }

        var read = await fetch(url, cancel) is { } bytes ? Read(bytes) : null;
        if (kept.Count >= MostKept)
        {
            kept.Clear();
        }

        kept[url] = new Kept(read, now + (read is null ? Rest : KeptFor));
        return read;
    }

    private static X509Certificate2? Read(byte[] bytes)
    {
        try
        {
            return X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(bytes));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private sealed record Kept(X509Certificate2? Certificate, DateTimeOffset Until);
}
