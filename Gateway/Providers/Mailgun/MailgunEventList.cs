using System.Globalization;
using System.Text.Json;
using Gateway.Providers.Events;
using Gateway.Providers.Http;

namespace Gateway.Providers.Mailgun;

/// <summary>The Events API as a list (mailgun.md §7): the same objects as webhooks push, so the same names.</summary>
internal static class MailgunEventList
{
    /// <summary>The most that one page may have is 300; a body of 64 kB holds about so many.</summary>
    private const int PageSize = 25;

    public static async Task<EventList> ReadAsync(
        Func<string, CancellationToken, Task<HttpExchange>> ask,
        string root,
        DateTimeOffset since,
        string? next,
        CancellationToken cancel
    )
    {
        var begin = since.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var url = next ?? $"{root}?begin={begin}&ascending=yes&limit={PageSize}";
        // The credentials go only where they belong.
        if (next is not null && !next.StartsWith(root + "/", StringComparison.Ordinal))
        {
            return EventList.Unavailable("the next page is said to be elsewhere");
        }

        return await ask(url, cancel) switch
        {
            HttpAnswer { Status: 200, IsCut: false } answer => Read(answer.Body),
            HttpAnswer answer => EventList.Unavailable($"HTTP {answer.Status}"),
            HttpFailure failure => EventList.Unavailable(failure.Detail),
            var other => throw new InvalidOperationException($"no such exchange: {other.GetType().Name}"),
        };
    }

    internal static EventList Read(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, EventFields.Limits);
            var items = json.RootElement.Child("items").Items().ToArray();
            var events = items
                .Where(i => i.ValueKind == JsonValueKind.Object)
                .SelectMany(i => MailgunEvent.Read(i).Events)
                .ToArray();
            // Both links are always there; an empty page is the end.
            return new EventList(
                events,
                items.Length == 0 ? null : json.RootElement.Child("paging").Text("next"),
                null
            );
        }
        catch (JsonException)
        {
            return EventList.Unavailable("the answer is no JSON");
        }
    }
}
