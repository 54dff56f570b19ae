using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Gateway.Net;

namespace Gateway.Providers.Http;

/// <summary>
/// The connections of one account: HTTP/2 where it is spoken, else 1.1, kept and reused; no redirect, no cookie, no proxy,
/// no trace header, and never more of an answer than <see cref="MaxBody"/>.
/// </summary>
internal sealed class AccountClient : IDisposable
{
    public const int MaxBody = 64 * 1024;

    private readonly HttpMessageInvoker invoker;
    private readonly TimeSpan timeout;
    private readonly TimeProvider clock;

    public AccountClient(HttpAccountOptions options, GuardedConnector connector, TimeProvider clock)
    {
        timeout = options.Timeout;
        this.clock = clock;
        invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                // A redirect would carry the credentials to wherever it points.
                AllowAutoRedirect = false,
                UseCookies = false,
                // A proxy would resolve names where the guard does not see it.
                UseProxy = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                ConnectTimeout = options.ConnectTimeout,
                MaxConnectionsPerServer = options.MaxConnections,
                EnableMultipleHttp2Connections = true,
                // Names change their addresses; kept connections follow within minutes.
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                // Shorter than what providers and their edges close at: a connection that dies in our hands is an Unknown.
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
                ConnectCallback = (context, cancel) => connector.ConnectAsync(context, cancel),
                SslOptions = { RemoteCertificateValidationCallback = Validation(options) },
            }
        );
    }

    /// <summary>One request; disposes of it. Never throws for what the network or the provider does.</summary>
    /// <param name="request">Its content, if any, is a <see cref="WatchedContent"/>.</param>
    /// <param name="cancel">Ends the wait; what was written may have been taken.</param>
    public async Task<HttpExchange> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var spent = request;
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        using var deadline = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            using var response = await invoker.SendAsync(request, either.Token);
            var (body, isCut) = await ReadAsync(response.Content, either.Token);
            return new HttpAnswer((int)response.StatusCode, Headers(response), body) { IsCut = isCut };
        }
        catch (OperationCanceledException)
        {
            var why = cancel.IsCancellationRequested ? "given up" : $"no answer within {timeout.TotalSeconds:0.###} s";
            return Failure(request, cancel.IsCancellationRequested, why);
        }
        // A peer that is gone before HTTP begins comes through as the socket's own exception.
        catch (Exception problem) when (problem is HttpRequestException or IOException or SocketException)
        {
            return Failure(request, isOurs: false, Explain(problem));
        }
    }

    public void Dispose() => invoker.Dispose();

    private static HttpFailure Failure(HttpRequestMessage request, bool isOurs, string detail)
    {
        var content = request.Content as WatchedContent;
        var phase =
            content is not { HasBegun: true } ? HttpPhase.Connect
            : content.LastByteGiven ? HttpPhase.Answer
            : HttpPhase.Request;
        return new HttpFailure(phase, content is { LastByteGiven: true }, isOurs, detail);
    }

    private static string Explain(Exception problem)
    {
        var inner = problem.InnerException is { } cause ? $": {cause.Message}" : "";
        return problem is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } known
            ? $"{known.HttpRequestError}{inner}"
            : problem.Message + inner;
    }

    /// <summary>Reads what comes, within the deadline; what cannot be read is left, for the status is known.</summary>
    private static async Task<(string Body, bool IsCut)> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBody);
        var length = 0;
        var isCut = false;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancel);
            while (length < MaxBody)
            {
                var got = await stream.ReadAsync(buffer.AsMemory(length, MaxBody - length), cancel);
                if (got == 0)
                {
                    break;
                }

                length += got;
            }

            isCut = length == MaxBody;
        }
        catch (Exception problem) when (problem is IOException or HttpRequestException or OperationCanceledException)
        {
            isCut = true;
        }

        var body = Encoding.UTF8.GetString(buffer, 0, length);
        ArrayPool<byte>.Shared.Return(buffer);
        return (body, isCut);
    }

    private static Dictionary<string, string> Headers(HttpResponseMessage response)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            headers[name] = values.ToString();
        }

        return headers;
    }

    private static RemoteCertificateValidationCallback? Validation(HttpAccountOptions options)
    {
        if (options.CertificateSha256 is { } pin)
        {
            var wanted = pin.Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();
            return (_, certificate, _, _) =>
                certificate is not null && Convert.ToHexString(SHA256.HashData(certificate.GetRawCertData())) == wanted;
        }

        // Null verifies the chain and the name.
        return options.AcceptAnyCertificate ? (_, _, _, _) => true : null;
    }
}
