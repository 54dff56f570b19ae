using System.Globalization;
using Gateway.Providers.Events;
using Microsoft.AspNetCore.Http.Features;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>
/// <c>POST /in/{provider}/{endpoint}</c>: believed, written down, and answered 200 only after the commit. What the
/// provider does with each answer is normalized.md §8; our own trouble is always 503.
/// </summary>
internal sealed class InboundDoor(
    EventPaths paths,
    EndpointLookUp lookUp,
    EventFormats formats,
    InboundJournal journal,
    TimeProvider clock,
    ILogger<InboundDoor> log
)
{
    private const int EndpointLength = 32;
    private long bytes;

    public async Task<IResult> TakeAsync(string provider, string endpoint, HttpContext http)
    {
        if (formats.Find(provider) is not { } format || !IsEndpoint(endpoint))
        {
            return Results.NotFound();
        }

        if (await FindAsync(endpoint, http.RequestAborted) is not (var path, var answer))
        {
            return ComeAgain(http);
        }

        if (path is null || path.Kind != provider)
        {
            return path is null && answer == EndpointAnswer.CannotTell ? ComeAgain(http) : Results.NotFound();
        }

        var result = await TakeAsync(path, format, http);
        GatewayTelemetry.InboundRequests.Add(1, new("path", path.Name), new("result", result.Name));
        return result.Answer;
    }

    private async Task<(EventPath? Path, EndpointAnswer Answer)?> FindAsync(string endpoint, CancellationToken cancel)
    {
        if (paths.At(endpoint) is { } known)
        {
            return (known, EndpointAnswer.Exists);
        }

        var answer = await lookUp.AskAsync(endpoint, cancel);
        if (paths.At(endpoint) is { } learnt)
        {
            return (learnt, EndpointAnswer.Exists);
        }

        if (answer == EndpointAnswer.Exists)
        {
            try
            {
                await paths.RefreshAsync(cancel);
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                return null;
            }

            return paths.At(endpoint) is { } made ? (made, answer) : null;
        }

        return (null, answer);
    }

    private async Task<(string Name, IResult Answer)> TakeAsync(EventPath path, IEventFormat format, HttpContext http)
    {
        var length = http.Request.ContentLength ?? InboundLimits.MostBody;
        if (length > InboundLimits.MostBody)
        {
            return ("too_large", Results.StatusCode(StatusCodes.Status413PayloadTooLarge));
        }

        try
        {
            if (Interlocked.Add(ref bytes, length) > InboundLimits.MostAtOnce)
            {
                return ("overloaded", ComeAgain(http));
            }

            return await ReadAsync(http) is { } body
                ? await JudgeAsync(path, format, Request(format, http.Request, body), http)
                : ("too_large", Results.StatusCode(StatusCodes.Status413PayloadTooLarge));
        }
        finally
        {
            Interlocked.Add(ref bytes, -length);
        }
    }

    private async Task<(string Name, IResult Answer)> JudgeAsync(
        EventPath path,
        IEventFormat format,
        EventRequest request,
        HttpContext http
    )
    {
        var verdict = await format.VerifyAsync(request, path.Options, clock.GetUtcNow(), http.RequestAborted);
        switch (verdict.Trust)
        {
            case EventTrust.CannotTell:
                InboundLogLines.EventsNotJudged(log, path.Name, verdict.Detail);
                return ("not_judged", ComeAgain(http));
            case EventTrust.Genuine:
                return await WriteAsync(path, format, Kept(format, request), verdict.Token, http);
            default:
                InboundLogLines.EventsRefused(log, path.Name, verdict.Detail);
                return (
                    verdict.Trust == EventTrust.Expired ? "expired" : "forged",
                    Results.StatusCode(format.RefusedStatus)
                );
        }
    }

    private async Task<(string Name, IResult Answer)> WriteAsync(
        EventPath path,
        IEventFormat format,
        EventRequest request,
        string? token,
        HttpContext http
    )
    {
        try
        {
            // Not with the request's own token: what is queued is written, whether or not the provider still listens.
            switch (await journal.WriteAsync(InboundRequest.Of(path, request, token, clock.GetUtcNow())))
            {
                case InboundOutcome.TokenReused:
                    InboundLogLines.EventsRefused(log, path.Name, "its token signed another request before");
                    return ("replayed", Results.StatusCode(format.RefusedStatus));
                case InboundOutcome.Known:
                    return ("repeated", Results.Ok());
                default:
                    return ("stored", Results.Ok());
            }
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            InboundLogLines.EventsWait(log, problem is PostgresException refused ? refused.SqlState : problem.Message);
            return ("unavailable", ComeAgain(http));
        }
    }

    /// <summary>With the authorization, which the log must not keep.</summary>
    private static EventRequest Request(IEventFormat format, HttpRequest request, byte[] body)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in format.Headers.Append("authorization"))
        {
            if (request.Headers[name] is [{ Length: > 0 and <= InboundLimits.LongestHeader } value])
            {
                headers[name] = value;
            }
        }

        return new EventRequest(body, headers);
    }

    private static EventRequest Kept(IEventFormat format, EventRequest request) =>
        request with
        {
            Headers = request.Headers.Where(h => format.Headers.Contains(h.Key)).ToDictionary(StringComparer.Ordinal),
        };

    /// <summary>Null where it is too long.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // Counted here: the host's own answer would be another for a body without a length.
            size.MaxRequestBodySize = null;
        }

        using var body = new MemoryStream((int)(http.Request.ContentLength ?? 4_096));
        var buffer = new byte[16 * 1024];
        int got;
        while ((got = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            if (body.Length + got > InboundLimits.MostBody)
            {
                return null;
            }

            body.Write(buffer, 0, got);
        }

        return body.ToArray();
    }

    private static IResult ComeAgain(HttpContext http)
    {
        http.Response.Headers.RetryAfter = 10.ToString(CultureInfo.InvariantCulture);
        return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    private static bool IsEndpoint(string text) => text.Length == EndpointLength && text.All(char.IsAsciiHexDigitLower);
}
