using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Providers.Events;

namespace Gateway.Providers.Mailgun;

/// <summary>Webhooks (mailgun.md §6): one event a request. The signature covers a token, not the event.</summary>
internal sealed class MailgunWebhook : IEventFormat
{
    /// <summary>It repeats itself for about 8 hours (D21).</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(9);

    /// <summary>50 characters by custom.</summary>
    private const int LongestToken = 200;

    /// <summary>Repeated for 8 hours; 406 would drop the event for ever.</summary>
    public int RefusedStatus => 401;

    public IReadOnlyList<string> Headers { get; } = [];

    public IEnumerable<string> Problems(EventOptions options) => [];

    public ValueTask<EventVerdict> VerifyAsync(
        EventRequest request,
        EventOptions options,
        DateTimeOffset now,
        CancellationToken cancel
    ) => ValueTask.FromResult(Verify(request, options, now));

    public EventReading Read(EventRequest request)
    {
        try
        {
            using var json = JsonDocument.Parse(request.Body, EventFields.Limits);
            return json.RootElement.Child("event-data") is { ValueKind: JsonValueKind.Object } data
                ? MailgunEvent.Read(data)
                : EventReading.Unreadable("the body has no event-data");
        }
        catch (JsonException problem)
        {
            return EventReading.Unreadable($"the body is no JSON at byte {problem.BytePositionInLine}");
        }
    }

    private static EventVerdict Verify(EventRequest request, EventOptions options, DateTimeOffset now)
    {
        if (options.EventsSigningKey.Length == 0)
        {
            return EventVerdict.CannotTell("the path has no EventsSigningKey");
        }

        string? timestamp,
            token,
            text;
        try
        {
            using var json = JsonDocument.Parse(request.Body, EventFields.Limits);
            var signature = json.RootElement.Child("signature");
            (timestamp, token, text) = (
                signature.Text("timestamp"),
                signature.Text("token"),
                signature.Text("signature")
            );
        }
        catch (JsonException)
        {
            return EventVerdict.Forged("it is no JSON");
        }

        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (
            timestamp is null
            || token is null
            || token.Length > LongestToken
            || text?.Length != HMACSHA256.HashSizeInBytes * 2
            || Convert.FromHexString(text, given, out _, out _) != System.Buffers.OperationStatus.Done
        )
        {
            return EventVerdict.Forged("it is not signed");
        }

        var own = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(options.EventsSigningKey),
            Encoding.UTF8.GetBytes(timestamp + token)
        );
        if (!CryptographicOperations.FixedTimeEquals(own, given))
        {
            return EventVerdict.Forged("its signature is not by the path's EventsSigningKey");
        }

        return
            long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && EventFields.UnixTime(timestamp) is { } at
            ? EventVerdict.ByAge(at, Window, now, token)
            : EventVerdict.Forged("its timestamp is no time");
    }
}
