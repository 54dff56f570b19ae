using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Net;
using Gateway.Subscriptions;

namespace Gateway.Webhooks.Outbound;

/// <summary>
/// One POST to an endpoint of a tenant: signed, only to where the guard lets it, never redirected, bounded in time and in
/// what is read of the answer.
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    /// <summary>Bytes of an answer's body that are read; what is more breaks the connection.</summary>
    public const int MaxRead = 64 * 1024;

    /// <summary>Bytes of it that are kept.</summary>
    public const int MaxKept = 1_024;

    /// <summary>The head said 2xx: its body may be dawdled over no longer than this.</summary>
    private static readonly TimeSpan BodyAfterSuccess = TimeSpan.FromSeconds(2);

    private readonly HttpClient http;
    private readonly OutboundOptions options;
    private readonly TimeProvider clock;

    public WebhookClient(WebhookTargets targets, OutboundOptions options, TimeProvider clock)
    {
        (this.options, this.clock) = (options, clock);
        var connector = targets.Connector();
        http = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = connector.ConnectAsync,
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.None,
                MaxResponseHeadersLength = 16,
                ConnectTimeout = options.Timeout,
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                SslOptions = new SslClientAuthenticationOptions { AllowTlsResume = true },
                // Spans and metrics of its own would name the hosts of tenants, without bound.
                ActivityHeadersPropagator = null,
                MeterFactory = new UncollectedMeters(),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
        };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("EmailGateway-Webhooks/1.0");
    }

    /// <summary>Never throws: whatever happens is an answer.</summary>
    public async Task<WebhookAnswer> SendAsync(
        SubscriptionConfig to,
        string id,
        byte[] body,
        string? traceParent,
        CancellationToken stop
    )
    {
        var now = clock.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, to.Url);
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        var timestamp = now.ToUnixTimeSeconds();
        request.Headers.Add(StandardSignature.IdHeader, id);
        request.Headers.Add(StandardSignature.TimestampHeader, $"{timestamp}");
        request.Headers.Add(
            StandardSignature.SignatureHeader,
            StandardSignature.Of(to.SecretsAt(now), id, timestamp, body)
        );
        if (traceParent is not null)
        {
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(options.Timeout);
        WebhookAnswer? head = null;
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            head = WebhookAnswer.Of((int)answer.StatusCode, answer.Headers, clock.GetUtcNow());
            if (head.Result == WebhookResult.Delivered)
            {
                limit.CancelAfter(BodyAfterSuccess);
            }

            return head with
            {
                Response = await ReadAsync(answer.Content, limit.Token),
            };
        }
        // What the head said holds, however its body ends.
        catch (Exception problem)
            when (head is not null && problem is HttpRequestException or IOException or OperationCanceledException)
        {
            return head;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new WebhookAnswer(WebhookResult.Stopped);
        }
        catch (OperationCanceledException)
        {
            return new WebhookAnswer(
                WebhookResult.Failed,
                Error: $"no answer within {options.Timeout.TotalSeconds:0} s"
            );
        }
        catch (Exception problem)
            when (problem
                    is HttpRequestException
                        or IOException
                        or SocketException
                        or InvalidOperationException
                        or NotSupportedException
            )
        {
            return new WebhookAnswer(WebhookResult.Failed, Error: Describe(problem));
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>In words that help the tenant and tell nothing of our own network.</summary>
    internal static string Describe(Exception problem)
    {
        for (var inner = problem; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case AddressRefusedException refused:
                    return refused.Message;
                case SocketException
                {
                    SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
                }:
                    return "the host has no address";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return "the connection was refused";
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return "the connection was reset";
                case SocketException:
                    return "no connection";
                case System.Security.Authentication.AuthenticationException:
                    return "no TLS: the certificate or the protocol was not accepted";
            }
        }

        return problem is HttpRequestException { HttpRequestError: var error }
            ? error switch
            {
                HttpRequestError.ResponseEnded => "the connection ended before the answer",
                HttpRequestError.InvalidResponse => "the answer is not HTTP",
                HttpRequestError.ConfigurationLimitExceeded => "the answer's head is longer than 16 kB",
                _ => "the request failed",
            }
            : "the request failed";
    }

    private static async Task<string?> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        var kept = new byte[MaxKept];
        var rest = new byte[4_096];
        await using var stream = await content.ReadAsStreamAsync(cancel);
        int length = 0,
            total = 0;
        while (total < MaxRead)
        {
            var space = length < MaxKept ? kept.AsMemory(length) : rest;
            var read = await stream.ReadAsync(space, cancel);
            if (read == 0)
            {
                break;
            }

            total += read;
            length += length < MaxKept ? read : 0;
        }

        return length == 0 ? null : Encoding.UTF8.GetString(kept, 0, length);
    }

    private sealed class UncollectedMeters : IMeterFactory
    {
        private readonly Meter meter = new("Gateway.Uncollected");

        public Meter Create(MeterOptions options) => meter;

        public void Dispose() => meter.Dispose();
    }
}
