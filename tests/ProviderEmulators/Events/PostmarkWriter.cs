using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ProviderEmulators.Events;

/// <summary>Posts as Postmark does: not signed, with a user and a password (postmark.md §4).</summary>
public static class PostmarkWriter
{
    public const string User = "postmark";
    public const string Password = "emulated-password-of-postmark";

    /// <summary>One event in Postmark's words (postmark.md §4).</summary>
    public static EventPost Of(EmulatedEvent told, bool forged)
    {
        var (type, kind, time) = told.Event switch
        {
            "bounced" => ("Bounce", "HardBounce", "BouncedAt"),
            "deferred" => ("Bounce", "Transient", "BouncedAt"),
            "complained" => ("SpamComplaint", "SpamComplaint", "BouncedAt"),
            "opened" => ("Open", null, "ReceivedAt"),
            "clicked" => ("Click", null, "ReceivedAt"),
            "unsubscribed" => ("SubscriptionChange", null, "ChangedAt"),
            "delivered" => ("Delivery", null, "DeliveredAt"),
            _ => (told.Event, null, "ReceivedAt"),
        };
        var item = new Dictionary<string, object?>
        {
            ["RecordType"] = type,
            ["Type"] = kind,
            // Only bounces and complaints have ids of their own.
            ["ID"] = kind is null ? null : RandomNumberGenerator.GetInt32(int.MaxValue),
            ["MessageID"] = told.Mail.Id,
            ["Recipient"] = told.Recipient,
            ["Email"] = told.Recipient,
            [time] = told.At,
            ["Details"] = told.Reason ?? (told.Event == "bounced" ? "smtp;550 5.1.1 user unknown" : null),
            ["OriginalLink"] = type == "Click" ? "https://example.com/" : null,
            ["SuppressSending"] = type == "SubscriptionChange" ? true : null,
            ["SuppressionReason"] = type == "SubscriptionChange" ? "ManualSuppression" : null,
            ["Origin"] = type == "SubscriptionChange" ? "Recipient" : null,
            ["Metadata"] = told.Mail.Variables,
        };
        var json = JsonSerializer.Serialize(item.Where(f => f.Value is not null).ToDictionary());
        return forged ? Write(json, password: "another") : Write(json);
    }

    public static EventPost Write(string json, string user = User, string password = Password) =>
        new(
            Encoding.UTF8.GetBytes(json),
            new Dictionary<string, string>
            {
                ["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")),
            }
        );
}
