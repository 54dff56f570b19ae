using System.Text.Json;
using Gateway.Providers.Events;

namespace Gateway.Providers.Mailgun;

/// <summary>One event as webhooks push it and the Events API lists it: the same object, so the same name.</summary>
internal static class MailgunEvent
{
    public static EventReading Read(JsonElement data)
    {
        if (data.Text("event") is not { } name)
        {
            return EventReading.Unreadable("the event has no name");
        }

        if (EventFields.UnixTime(data.Text("timestamp")) is not { } at)
        {
            return EventReading.Unreadable($"the event ({name}) has no time");
        }

        return Of(data, name, at) is { } read ? EventReading.Of(read) : EventReading.Nothing;
    }

    private static ProviderEvent? Of(JsonElement data, string name, DateTimeOffset at)
    {
        var own = data.Child("user-variables");
        var (delivery, attempt) = EventFields.Ours(own.Text(CarriedIds.DeliveryKey), own.Text(CarriedIds.AttemptKey));
        var recipient = data.Text("recipient");
        var status = data.Child("delivery-status");
        var reply =
            status.Text("message")
            ?? status.Text("description")
            ?? data.Child("reject").Text("reason")
            ?? data.Text("reason");
        var id =
            data.Text("id")
            ?? EventFields.NameOf(
                data.Child("message").Child("headers").Text("message-id"),
                data.Text("timestamp"),
                data.Text("url")
            );
        var read = new ProviderEvent
        {
            News = ProviderNews.Processed,
            DeliveryId = delivery,
            Attempt = attempt,
            // An id is unique within its day only.
            Name = $"{name}/{id}/{at.UtcDateTime:yyyyMMdd}/{recipient}",
            At = at,
            Reply = reply,
            Status = status.Text("enhanced-code") ?? status.Text("bounce-code") ?? EventFields.StatusIn(reply),
        };
        var client = data.Child("client-info");
        var facts = EventFields.Facts(
            ("url", data.Text("url")),
            ("user_agent", client.Text("user-agent")),
            ("machine", client.Text("bot") is { } bot ? bot : null)
        );
        return name switch
        {
            "accepted" => read,
            "delivered" => read with { News = ProviderNews.Delivered },
            "opened" => read with { News = ProviderNews.Opened, Facts = facts },
            "clicked" => read with { News = ProviderNews.Clicked, Facts = facts },
            "complained" => read with { News = ProviderNews.Complained },
            "unsubscribed" => read with { News = ProviderNews.Unsubscribed },
            "rejected" => read.With(Failure.Message),
            "failed" when data.Text("severity") == "temporary" => read with { News = ProviderNews.Deferred },
            "failed" => read.With(Failed(data, status, read)),
            _ => null,
        };
    }

    private static Failure Failed(JsonElement data, JsonElement? status, ProviderEvent read)
    {
        var (code, reason) = (status.Text("code"), data.Text("reason"));
        // Codes that are no SMTP: it stands on the domain's own list (mailgun.md §4).
        if (code is "605" || reason is "suppress-bounce")
        {
            return Failure.Listed("bounce");
        }

        if (code is "606" || reason is "suppress-unsubscribe")
        {
            return Failure.Listed("unsubscribe");
        }

        if (code is "607" || reason is "suppress-complaint")
        {
            return Failure.Listed("complaint");
        }

        var words =
            code is { Length: 3 } && read.Reply?.StartsWith(code, StringComparison.Ordinal) == false
                ? $"{code} {read.Reply}"
                : read.Reply;
        return Failure.Judge(
            words,
            read.Status,
            reason switch
            {
                // It tried for as long as it does, or no host took the mail.
                "old" or "generic" or "greylisted" => Failure.Soft,
                "espblock" => Failure.Blocked,
                "bounce" when code is "550" or "551" or "553" => Failure.Hard with
                {
                    Class = Mail.Bounces.BounceClass.Soft,
                    Scope = Mail.OutcomeScope.None,
                },
                _ => Failure.Unexplained,
            }
        );
    }
}
