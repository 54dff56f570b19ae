using System.Text.Json;
using Gateway.Providers.Http;

namespace Gateway.Providers.SendGrid;

/// <summary>
/// The Email Activity API: a mail by our id (normalized.md §4; the query's form is an assumption of the contract). It
/// shows a mail seconds to minutes late.
/// </summary>
internal static class SendGridActivity
{
    /// <summary>Before that, absence proves nothing.</summary>
    private static readonly TimeSpan ShownAfter = TimeSpan.FromMinutes(30);

    public static async Task<LookUp> FindAsync(
        Func<string, CancellationToken, Task<HttpExchange>> ask,
        SentMail sent,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var attempt = new CarriedIds(sent.DeliveryId, Guid.Empty, sent.Attempt).AttemptName;
        // Our ids hold letters, digits and hyphens only: nothing in them ends the quotation.
        var query = Uri.EscapeDataString($"(unique_args['{CarriedIds.AttemptKey}']=\"{attempt}\")");
        return await ask($"/v3/messages?limit=10&query={query}", cancel) switch
        {
            HttpAnswer { Status: 200, IsCut: false } answer => Read(answer.Body, now - sent.SentAt),
            HttpAnswer answer => new LookUp(LookUpAnswer.CannotTell, $"HTTP {answer.Status}"),
            HttpFailure failure => new LookUp(LookUpAnswer.CannotTell, failure.Detail),
            var other => throw new InvalidOperationException($"no such exchange: {other.GetType().Name}"),
        };
    }

    internal static LookUp Read(string body, TimeSpan age)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (
                json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("messages", out var messages)
                || messages.ValueKind != JsonValueKind.Array
            )
            {
                return new LookUp(LookUpAnswer.CannotTell, "the answer lists no messages");
            }

            foreach (var message in messages.EnumerateArray())
            {
                // processed, delivered, not_delivered: taken in each case, and its events tell the rest.
                return new LookUp(LookUpAnswer.Taken, $"activity: {Text(message, "status")}")
                {
                    ProviderId = Text(message, "msg_id").Split('.')[0] is { Length: > 0 } id ? id : null,
                    IsDelivered = Text(message, "status") == "delivered",
                };
            }

            return age >= ShownAfter
                ? new LookUp(LookUpAnswer.Absent, "the activity does not show it")
                : new LookUp(LookUpAnswer.NotYet, "the activity does not show it yet");
        }
        catch (JsonException)
        {
            return new LookUp(LookUpAnswer.CannotTell, "the answer is no JSON");
        }
    }

    private static string Text(JsonElement message, string name) =>
        message.ValueKind == JsonValueKind.Object
        && message.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
