using System.Net.Sockets;

namespace Gateway.Net;

/// <summary>A GET of a URL that somebody else wrote: where the policy lets it, no redirect, no cookie, little, and soon.</summary>
public sealed class GuardedFetch : IDisposable
{
    private const int MostBytes = 32 * 1024;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);
    private readonly HttpMessageInvoker invoker;

    public GuardedFetch(AddressPolicy policy)
    {
        var connector = new GuardedConnector(policy);
        invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                // A proxy would resolve names where the guard does not see it.
                UseProxy = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = Within,
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
                ConnectCallback = (context, cancel) => connector.ConnectAsync(context, cancel),
            }
        );
    }

    /// <summary>The bytes of a 200; null for every other answer, and for none.</summary>
    public async Task<byte[]?> GetAsync(Uri url, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Within);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            using var response = await invoker.SendAsync(request, deadline.Token);
            if ((int)response.StatusCode != 200)
            {
                return null;
            }

            var buffer = new byte[MostBytes];
            await using var stream = await response.Content.ReadAsStreamAsync(deadline.Token);
            var length = await stream.ReadAtLeastAsync(buffer, MostBytes, throwOnEndOfStream: false, deadline.Token);
            return length == MostBytes ? null : buffer[..length];
        }
        catch (Exception problem)
            when (problem is HttpRequestException or IOException or SocketException
                || (problem is OperationCanceledException && !cancel.IsCancellationRequested)
            )
        {
            return null;
        }
    }

    public void Dispose() => invoker.Dispose();
}
