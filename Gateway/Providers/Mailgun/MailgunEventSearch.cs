using System.Globalization;
using System.Text.Json;
using Gateway.Providers.Http;

namespace Gateway.Providers.Mailgun;

/// <summary>The Events API: the events of a recipient since the attempt, searched for our attempt's name (mailgun.md §7).</summary>
internal static class MailgunEventSearch
{
    /// <summary>Events are indexed late and put into earlier pages: before that, absence proves nothing.</summary>
    private static readonly TimeSpan IndexedAfter = TimeSpan.FromMinutes(30);

    /// <summary>Clocks differ; the search begins a little before we did.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(2);

    /// <summary>A recipient with more events than these pages hold is asked about in vain.</summary>
    private const int MaxPages = 10;

    /// <summary>The most that one page may have is 300; a body of 64 kB holds about so many.</summary>
    private const int PageSize = 25;

    public static async Task<LookUp> FindAsync(
        Func<string, CancellationToken, Task<HttpExchange>> ask,
        string api,
        string domain,
        SentMail sent,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var begin = (sent.SentAt - Margin).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var root = $"{api}/v3/{domain}/events";
        var url =
            $"{root}?begin={begin}&ascending=yes&limit={PageSize}&recipient={Uri.EscapeDataString(sent.Recipient)}";
        var attempt = new CarriedIds(sent.DeliveryId, Guid.Empty, sent.Attempt).AttemptName;
        for (var page = 0; page < MaxPages; page++)
        {
            switch (await ask(url, cancel))
            {
                case HttpAnswer { Status: 200, IsCut: false } answer:
                    var (found, next) = Read(answer.Body, attempt);
                    if (found is not null)
                    {
                        return found;
                    }

                    if (next is null)
                    {
                        return now - sent.SentAt >= IndexedAfter
                            ? new LookUp(LookUpAnswer.Absent, "no event shows it")
                            : new LookUp(LookUpAnswer.NotYet, "no event shows it yet");
                    }

                    // The credentials go only where they belong.
                    if (!next.StartsWith(root + "/", StringComparison.Ordinal))
                    {
                        return new LookUp(LookUpAnswer.CannotTell, "the next page is said to be elsewhere");
                    }

                    url = next;
                    break;
                case HttpAnswer answer:
                    return new LookUp(LookUpAnswer.CannotTell, $"HTTP {answer.Status}");
                case HttpFailure failure:
                    return new LookUp(LookUpAnswer.CannotTell, failure.Detail);
            }
        }

        return new LookUp(LookUpAnswer.CannotTell, $"the recipient has more than {MaxPages} pages of events");
    }

    /// <summary>The answer if the page holds it, and the next page; the last one is empty.</summary>
    internal static (LookUp? Found, string? Next) Read(string body, string attempt)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (Child(root, "items") is not { ValueKind: JsonValueKind.Array } items)
            {
                return (new LookUp(LookUpAnswer.CannotTell, "the answer lists no events"), null);
            }

            foreach (var item in items.EnumerateArray())
            {
                if (Text(Child(item, "user-variables"), CarriedIds.AttemptKey) == attempt)
                {
                    return (Of(item), null);
                }
            }

            return (null, items.GetArrayLength() == 0 ? null : Text(Child(root, "paging"), "next"));
        }
        catch (JsonException)
        {
            return (new LookUp(LookUpAnswer.CannotTell, "the answer is no JSON"), null);
        }
    }

    private static LookUp Of(JsonElement item)
    {
        var name = Text(item, "event") ?? "";
        var id = Text(Child(Child(item, "message"), "headers"), "message-id");
        // Rejected is the one end in which Mailgun never tried; a failure comes after the acceptance.
        return new LookUp(name == "rejected" ? LookUpAnswer.Refused : LookUpAnswer.Taken, $"event: {name}")
        {
            ProviderId = id,
        };
    }

    private static JsonElement? Child(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } at && at.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement? parent, string name) =>
        Child(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
