using System.Text.Json;
using Gateway.Mail;
using Gateway.Mail.Bounces;
using Gateway.Providers.Events;

namespace Gateway.Providers.Postmark;

/// <summary>One event; names are matched in any case, since Postmark's samples differ in it.</summary>
internal static class PostmarkEvent
{
    public static EventReading Read(JsonElement root)
    {
        JsonElement? at = root;
        if (at.AnyCase("RecordType").Text() is not { } type)
        {
            return EventReading.Unreadable("the event has no RecordType");
        }

        var own = at.AnyCase("Metadata");
        var (delivery, attempt) = EventFields.Ours(
            own.AnyCase(CarriedIds.DeliveryKey).Text(),
            own.AnyCase(CarriedIds.AttemptKey).Text()
        );
        var time =
            at.AnyCase("DeliveredAt").Text()
            ?? at.AnyCase("BouncedAt").Text()
            ?? at.AnyCase("ReceivedAt").Text()
            ?? at.AnyCase("ChangedAt").Text();
        if (EventFields.IsoTime(time) is not { } happened)
        {
            return EventReading.Unreadable($"the event ({type}) has no time");
        }

        var reply = at.AnyCase("Details").Text() ?? at.AnyCase("Description").Text();
        var read = new ProviderEvent
        {
            News = ProviderNews.Processed,
            DeliveryId = delivery,
            Attempt = attempt,
            // Only bounces and complaints have ids of their own.
            Name = at.AnyCase("ID").Text() is { } id
                ? $"{type}/{id}"
                : $"{type}/{EventFields.NameOf(at.AnyCase("MessageID").Text(), at.AnyCase("Recipient").Text(), time, at.AnyCase("OriginalLink").Text())}",
            At = happened,
            Reply = reply,
            Status = EventFields.StatusIn(reply),
            Facts = EventFields.Facts(
                ("url", at.AnyCase("OriginalLink").Text()),
                ("user_agent", at.AnyCase("UserAgent").Text())
            ),
        };
        return Of(type, at, read) is { } told ? EventReading.Of(told) : EventReading.Nothing;
    }

    private static ProviderEvent? Of(string type, JsonElement? at, ProviderEvent read) =>
        type switch
        {
            "Delivery" => read with { News = ProviderNews.Delivered },
            "Open" => read with { News = ProviderNews.Opened },
            "Click" => read with { News = ProviderNews.Clicked },
            "SpamComplaint" => read with { News = ProviderNews.Complained },
            "Bounce" => Bounce(at.AnyCase("Type").Text() ?? "", read),
            // It tells of bounces and complaints too, which have events of their own.
            "SubscriptionChange"
                when at.AnyCase("SuppressSending").IsTrue()
                    && at.AnyCase("SuppressionReason").Text() == "ManualSuppression"
                    && at.AnyCase("Origin").Text() is "Recipient" or null => read with
            {
                News = ProviderNews.Unsubscribed,
            },
            _ => null,
        };

    private static ProviderEvent? Bounce(string type, ProviderEvent read) =>
        type switch
        {
            "HardBounce" or "BadEmailAddress" => read.With(Failure.Judge(read.Reply, read.Status, Failure.Hard)),
            "Transient" or "DnsError" => read with { News = ProviderNews.Deferred },
            "SoftBounce" => read.With(Gently(Failure.Judge(read.Reply, read.Status, Failure.Soft))),
            "Unknown" => read.With(Gently(Failure.Judge(read.Reply, read.Status, Failure.Soft))),
            "Blocked" or "DMARCPolicy" => read.With(Gently(Failure.Judge(read.Reply, read.Status, Failure.Blocked))),
            // A filter's verdict, though its name sounds like a person's.
            "SpamNotification" or "VirusNotification" => read.With(Failure.Content),
            "TemplateRenderingFailed" => read.With(Failure.Message),
            "ManuallyDeactivated" or "Unconfirmed" => read.With(Failure.Listed("bounce")),
            // Refused after its 250, for the account's sender or the recipient's standing there.
            "SMTPApiError" => read.With(Failure.Judge(read.Reply, read.Status, Failure.Unexplained)),
            "SpamComplaint" => read with { News = ProviderNews.Complained },
            "Unsubscribe" => read with { News = ProviderNews.Unsubscribed },
            _ => null,
        };

    /// <summary>The provider does not blame the address, so neither do we.</summary>
    private static Failure Gently(Failure judged) =>
        judged.Class == BounceClass.Hard ? judged with { Class = BounceClass.Soft, Scope = OutcomeScope.None } : judged;
}
