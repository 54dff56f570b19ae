using Gateway.Mail;
using Gateway.Providers.Http;

namespace Gateway.Providers.Mailgun;

/// <summary>
/// Asks without mail whether an account would take some. With a domain of its own: an empty submission, which only the
/// first checks (key, domain, right to send) can pass, and which a domain's sending key may make; else the list of domains.
/// </summary>
internal static class MailgunProbe
{
    public static async Task<SendResult> AskAsync(
        AccountClient client,
        Func<HttpMethod, string, HttpRequestMessage> create,
        MailgunOptions options,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        HttpRequestMessage request;
        if (options.Domain is { } domain)
        {
            request = create(HttpMethod.Post, $"{options.Api}/v3/{domain}/messages.mime");
            request.Content = new WatchedContent(["--gw--\r\n"u8.ToArray()], "multipart/form-data; boundary=gw");
        }
        else
        {
            request = create(HttpMethod.Get, $"{options.Api}/v4/domains?limit=1");
        }

        return await client.SendAsync(request, cancel) switch
        {
            HttpAnswer answer => TransportOutcomes.Of(answer, Judge(answer, clock.GetUtcNow()), options.ApiKey),
            // Nothing was asked to be sent, so nothing can be unknown: it does not answer.
            HttpFailure failure => TransportOutcomes.Of(failure with { MayHaveBeenTaken = false }),
            var other => throw new InvalidOperationException($"no such exchange: {other.GetType().Name}"),
        };
    }

    private static HttpVerdict Judge(HttpAnswer answer, DateTimeOffset now)
    {
        var isList = answer.Status == 200 && answer.Body.AsSpan().TrimStart() is ['{', ..];
        // "to parameter is missing" and its like: the key was good, the domain may send, and nothing was taken.
        return
            isList
            || (
                answer.Status == 400 && answer.Body.Contains("parameter is missing", StringComparison.OrdinalIgnoreCase)
            )
            ? new(Outcome.Accepted, OutcomeScope.None, "mailgun/probe")
            : ProbeVerdict.Of(MailgunOutcomes.Classify(answer, now));
    }
}
