using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ProviderEmulators.Events;

/// <summary>Webhooks: one event a request, a token signed beside it (mailgun.md §6).</summary>
public sealed class MailgunWriter : IEventWriter
{
    /// <summary>Of the emulated account that a person plays with.</summary>
    public const string EmulatedKey = "signing-emulated";

    public string SigningKey { get; init; } = "signing-" + Guid.NewGuid().ToString("N");

    public bool Batches => false;

    public EventPost Write(IReadOnlyList<EmulatedEvent> events, bool forged) =>
        Sign(Item(events[0]), DateTimeOffset.UtcNow, NewToken(), forged);

    public static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(25));

    public EventPost Sign(object data, DateTimeOffset at, string token, bool forged = false)
    {
        var timestamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToHexStringLower(
            HMACSHA256.HashData(
                Encoding.UTF8.GetBytes(forged ? "another key" : SigningKey),
                Encoding.UTF8.GetBytes(timestamp + token)
            )
        );
        var body = new Dictionary<string, object>
        {
            ["signature"] = new
            {
                token,
                timestamp,
                signature,
            },
            ["event-data"] = data,
        };
        return new EventPost(JsonSerializer.SerializeToUtf8Bytes(body), new Dictionary<string, string>());
    }

    private static Dictionary<string, object?> Item(EmulatedEvent told) =>
        new()
        {
            // There is no event "deferred": it is a failure that will be tried again.
            ["event"] = told.Event == "deferred" ? "failed" : told.Event,
            ["id"] = told.Id,
            ["timestamp"] = told.At.ToUnixTimeMilliseconds() / 1000.0,
            ["recipient"] = told.Recipient,
            ["severity"] =
                told.Event == "failed" ? "permanent"
                : told.Event == "deferred" ? "temporary"
                : null,
            ["reason"] = told.Event == "failed" ? "bounce" : null,
            ["delivery-status"] = new
            {
                code = told.Event == "failed" ? 550
                : told.Event == "deferred" ? 451
                : 250,
                message = told.Reason ?? "OK",
            },
            ["message"] = new { headers = new Dictionary<string, string> { ["message-id"] = told.Mail.Id } },
            ["user-variables"] = told.Mail.Variables,
        };
}
