using System.Globalization;
using System.Text.Json;
using ProviderEmulators.Http;

namespace ProviderEmulators.Mailgun;

/// <summary><c>GET /v3/{domain}/events</c> (mailgun.md §7): both links of the paging are always there, an empty page ends it.</summary>
internal static class MailgunEvents
{
    private const int MaxPage = 300;

    public static ApiAnswer Answer(MailStore store, string domain, ApiRequest request)
    {
        string? Query(string name) => request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

        if (!int.TryParse(Query("limit") ?? "100", out var limit) || limit is < 1 or > MaxPage)
        {
            return MailgunEmulator.Error(400, "limit must be 1 to 300");
        }

        var begin = double.TryParse(Query("begin"), NumberStyles.Float, CultureInfo.InvariantCulture, out var at)
            ? at
            : 0;
        var skip = int.TryParse(request.Path.Split('/')[^1], out var page) ? page : 0;
        var all = store
            .Events.Where(e => Seconds(e.At) >= begin)
            .Where(e =>
                Query("recipient") is not { } who || who.Equals(e.Recipient, StringComparison.OrdinalIgnoreCase)
            )
            .Where(e => Query("event") is not { } name || name == e.Event)
            .Where(e => Query("message-id") is not { } id || id == e.Mail.Id)
            .ToArray();
        var here = all.Skip(skip).Take(limit).Select(Item).ToArray();
        var path = $"{request.Authority}/v3/{domain}/events";
        var rest = string.Join('&', request.Query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value.ToString())}"));
        return new ApiAnswer(
            200,
            JsonSerializer.Serialize(
                new
                {
                    items = here,
                    paging = new
                    {
                        next = $"{path}/{skip + here.Length}?{rest}",
                        previous = $"{path}/{Math.Max(0, skip - limit)}?{rest}",
                    },
                }
            )
        );
    }

    private static Dictionary<string, object?> Item(EmulatedEvent e) =>
        new()
        {
            ["event"] = e.Event,
            ["id"] = e.Id,
            ["timestamp"] = Seconds(e.At),
            ["recipient"] = e.Recipient,
            ["reason"] = e.Reason,
            ["severity"] = e.Event == "failed" ? "permanent" : null,
            ["message"] = new { headers = new Dictionary<string, string> { ["message-id"] = e.Mail.Id } },
            ["user-variables"] = e.Mail.Variables,
        };

    private static double Seconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 1000.0;
}
