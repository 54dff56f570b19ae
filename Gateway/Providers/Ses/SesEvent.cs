using System.Text.Json;
using Gateway.Mail;
using Gateway.Mail.Bounces;
using Gateway.Providers.Events;

namespace Gateway.Providers.Ses;

/// <summary>The event inside a notification (ses.md §7), and of the older identity notifications, which differ in one name.</summary>
internal static class SesEvent
{
    public static EventReading Read(SnsMessage message, DateTimeOffset published)
    {
        if (!message.Message.AsSpan().TrimStart().StartsWith("{"))
        {
            // "Successfully validated SNS topic for Amazon SES event publishing."
            return EventReading.Nothing;
        }

        try
        {
            using var json = JsonDocument.Parse(message.Message, EventFields.Limits);
            return Read(json.RootElement, published);
        }
        catch (JsonException problem)
        {
            return EventReading.Unreadable($"the notification is no JSON at byte {problem.BytePositionInLine}");
        }
    }

    private static EventReading Read(JsonElement root, DateTimeOffset published)
    {
        if ((root.Text("eventType") ?? root.Text("notificationType")) is not { } type)
        {
            return EventReading.Unreadable("the notification has no eventType");
        }

        var mail = root.Child("mail");
        var tags = mail.Child("tags");
        var (delivery, attempt) = EventFields.Ours(
            First(tags, CarriedIds.DeliveryKey),
            First(tags, CarriedIds.AttemptKey)
        );
        var part = root.Child(PartOf(type));
        var read = new ProviderEvent
        {
            News = ProviderNews.Processed,
            DeliveryId = delivery,
            Attempt = attempt,
            Name = "",
            At =
                EventFields.IsoTime(part.Text("timestamp")) ?? EventFields.IsoTime(mail.Text("timestamp")) ?? published,
        };
        var events = Of(type, part, read).ToArray();
        for (var i = 0; i < events.Length; i++)
        {
            events[i] = events[i] with
            {
                Name =
                    $"{type}/{mail.Text("messageId")}/{part.Text("feedbackId") ?? part.Text("timestamp")}/{Recipient(events[i], mail)}/{part.Text("link")}",
                Facts = Without(events[i].Facts),
            };
        }

        return events.Length == 0 ? EventReading.Nothing : EventReading.Of(events);
    }

    private static IEnumerable<ProviderEvent> Of(string type, JsonElement? part, ProviderEvent read)
    {
        var client = EventFields.Facts(("url", part.Text("link")), ("user_agent", part.Text("userAgent")));
        return type switch
        {
            "Send" => [read],
            "Delivery" =>
            [
                read with
                {
                    News = ProviderNews.Delivered,
                    Reply = part.Text("smtpResponse"),
                    Status = EventFields.StatusIn(part.Text("smtpResponse")),
                },
            ],
            "DeliveryDelay" => Each(part.Child("delayedRecipients"), read with { News = ProviderNews.Deferred }),
            "Bounce" => Each(part.Child("bouncedRecipients"), read)
                .Select(r => r.With(Bounce(part.Text("bounceType"), part.Text("bounceSubType"), r))),
            "Complaint" => Complaint(part, read),
            "Reject" => [(read with { Reply = part.Text("reason") }).With(Failure.Content)],
            "Rendering Failure" => [(read with { Reply = part.Text("errorMessage") }).With(Failure.Message)],
            "Open" => [read with { News = ProviderNews.Opened, Facts = client }],
            "Click" => [read with { News = ProviderNews.Clicked, Facts = client }],
            "Subscription" when IsOptOut(part) => [read with { News = ProviderNews.Unsubscribed }],
            _ => [],
        };
    }

    /// <summary>One event for each recipient, with that one's words; one where none is named.</summary>
    private static IEnumerable<ProviderEvent> Each(JsonElement? recipients, ProviderEvent read)
    {
        var any = false;
        foreach (var recipient in recipients.Items())
        {
            any = true;
            yield return read with
            {
                Reply = recipient.Text("diagnosticCode"),
                Status = recipient.Text("status"),
                Facts = EventFields.Facts((RecipientFact, recipient.Text("emailAddress"))),
            };
        }

        if (!any)
        {
            yield return read;
        }
    }

    private static Failure Bounce(string? type, string? subType, ProviderEvent read) =>
        (type, subType) switch
        {
            // Never sent: it stands on a list there.
            (_, "UnsubscribedRecipient") => Failure.Listed("unsubscribe"),
            (_, "Suppressed" or "OnAccountSuppressionList" or "OnTenantSuppressionList") => Failure.Listed("bounce"),
            (_, "EmailValidationSuppressed") => Failure.Listed("invalid"),
            (_, "MessageTooLarge") => Failure.Message,
            (_, "ContentRejected" or "AttachmentRejected") => Failure.Content,
            ("Permanent", "NoEmail") => Failure.Judge(read.Reply, read.Status, Failure.Hard),
            ("Permanent", _) => Failure.Judge(read.Reply, read.Status, Failure.Hard),
            // Final all the same, but no word against the address.
            ("Transient", _) => Judged(read),
            _ => Failure.Judge(read.Reply, read.Status, Failure.Soft),
        };

    private static Failure Judged(ProviderEvent read)
    {
        var judged = Failure.Judge(read.Reply, read.Status, Failure.Soft);
        return judged.Class == BounceClass.Hard
            ? judged with
            {
                Class = BounceClass.Soft,
                Scope = OutcomeScope.None,
            }
            : judged;
    }

    private static ProviderEvent[] Complaint(JsonElement? part, ProviderEvent read) =>
        part.Text("complaintSubType") is "OnAccountSuppressionList" or "OnTenantSuppressionList"
            ? [read.With(Failure.Listed("complaint"))]
        : part.Text("complaintFeedbackType") == "not-spam" ? []
        : [read with { News = ProviderNews.Complained, Reply = part.Text("complaintFeedbackType") }];

    private static bool IsOptOut(JsonElement? part)
    {
        var wants = part.Child("newTopicPreferences");
        return wants.Child("unsubscribeAll").IsTrue()
            || wants.Child("topicSubscriptionStatus").Items().Any(t => t.Text("subscriptionStatus") == "OptOut");
    }

    private static string PartOf(string type) =>
        type switch
        {
            "Rendering Failure" => "failure",
            "DeliveryDelay" => "deliveryDelay",
            _ => type.ToLowerInvariant(),
        };

    private const string RecipientFact = "recipient";

    private static string? Recipient(ProviderEvent read, JsonElement? mail) =>
        read.Facts.GetValueOrDefault(RecipientFact)
        ?? mail.Child("destination").Items().Select(d => ((JsonElement?)d).Text()).FirstOrDefault();

    /// <summary>The recipient stands in the delivery; a forwarding host may name another one, which is nobody's business.</summary>
    private static Dictionary<string, string> Without(IReadOnlyDictionary<string, string> facts) =>
        facts.Where(f => f.Key != RecipientFact).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);

    /// <summary>Values of tags are arrays.</summary>
    private static string? First(JsonElement? tags, string name) =>
        tags.Child(name).Items().Select(v => ((JsonElement?)v).Text()).FirstOrDefault();
}
