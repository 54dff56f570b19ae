using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Mail;
using Gateway.Mail.Bounces;
using Gateway.Providers.Events;

namespace Gateway.Providers.SendGrid;

/// <summary>The Event Webhook (sendgrid.md §5): a JSON array, signed whole with ECDSA.</summary>
internal sealed class SendGridEvents : IEventFormat
{
    public const string SignatureHeader = "x-twilio-email-event-webhook-signature";
    public const string TimestampHeader = "x-twilio-email-event-webhook-timestamp";

    /// <summary>It repeats itself for 24 hours (D21).</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(25);

    /// <summary>Digits of a second; more are no time.</summary>
    private const int LongestTimestamp = 12;

    /// <summary>Repeated for a day: a key that was changed and not told here loses nothing.</summary>
    public int RefusedStatus => 401;

    public IReadOnlyList<string> Headers { get; } = [SignatureHeader, TimestampHeader];

    public IEnumerable<string> Problems(EventOptions options)
    {
        if (options.EventsPublicKey.Length > 0 && Key(options.EventsPublicKey) is not { } key)
        {
            yield return "EventsPublicKey is not the base64 of a P-256 public key as SendGrid shows it";
        }
    }

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
            return json.RootElement.ValueKind == JsonValueKind.Array
                ? Read(json.RootElement)
                : EventReading.Unreadable("the body is no array of events");
        }
        catch (JsonException problem)
        {
            return EventReading.Unreadable($"the body is no JSON at byte {problem.BytePositionInLine}");
        }
    }

    private static EventVerdict Verify(EventRequest request, EventOptions options, DateTimeOffset now)
    {
        if (options.EventsPublicKey.Length == 0)
        {
            return EventVerdict.CannotTell("the path has no EventsPublicKey");
        }

        using var key = Key(options.EventsPublicKey);
        if (key is null)
        {
            return EventVerdict.CannotTell("the path's EventsPublicKey is no public key");
        }

        if (request.Header(SignatureHeader) is not { } text || request.Header(TimestampHeader) is not { } timestamp)
        {
            return EventVerdict.Forged("it is not signed");
        }

        if (
            EventFields.Base64(text) is not { } signature
            || timestamp.Length > LongestTimestamp
            || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        )
        {
            return EventVerdict.Forged("its signature is no base64, or its timestamp no number");
        }

        // The timestamp's text and the body's bytes as they came, the line end after the array among them.
        var signed = new byte[timestamp.Length + request.Body.Length];
        Encoding.ASCII.GetBytes(timestamp, signed);
        request.Body.Span.CopyTo(signed.AsSpan(timestamp.Length));
        return !key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            ? EventVerdict.Forged("its signature is not by the path's EventsPublicKey")
            : EventVerdict.ByAge(DateTimeOffset.UnixEpoch.AddSeconds(seconds), Window, now);
    }

    private static ECDsa? Key(string text)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text), out _);
            if (key.KeySize == 256)
            {
                return key;
            }
        }
        catch (Exception problem) when (problem is FormatException or CryptographicException)
        {
            // As good as none.
        }

        key.Dispose();
        return null;
    }

    private static EventReading Read(JsonElement array)
    {
        var events = new List<ProviderEvent>(array.GetArrayLength());
        var (ignored, place, problem) = (0, 0, (string?)null);
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || item.Text("event") is not { } name)
            {
                problem ??= $"event {place} has no name";
            }
            else if (EventFields.UnixTime(item.Text("timestamp")) is not { } at)
            {
                problem ??= $"event {place} ({name}) has no time";
            }
            else if (Of(item, name, at) is { } read)
            {
                events.Add(read);
            }
            else
            {
                ignored++;
            }

            place++;
        }

        return new EventReading(events, ignored, problem);
    }

    private static ProviderEvent? Of(JsonElement item, string name, DateTimeOffset at)
    {
        var (delivery, attempt) = EventFields.Ours(item.Text(CarriedIds.DeliveryKey), item.Text(CarriedIds.AttemptKey));
        var id =
            item.Text("sg_event_id")
            ?? EventFields.NameOf(
                item.Text("sg_message_id"),
                item.Text("timestamp"),
                item.Text("email"),
                item.Text("url")
            );
        var reply = item.Text("response") ?? item.Text("reason");
        var read = new ProviderEvent
        {
            News = ProviderNews.Processed,
            DeliveryId = delivery,
            Attempt = attempt,
            Name = $"{name}/{id}",
            At = at,
            Reply = reply,
            Status = item.Text("status") ?? EventFields.StatusIn(reply),
        };
        var facts = EventFields.Facts(
            ("url", item.Text("url")),
            ("user_agent", item.Text("useragent")),
            ("machine", item.Child("sg_machine_open").IsTrue() ? "true" : null)
        );
        return name switch
        {
            "processed" => read,
            "delivered" => read with { News = ProviderNews.Delivered },
            "deferred" => read with { News = ProviderNews.Deferred },
            "open" => read with { News = ProviderNews.Opened, Facts = facts },
            "click" => read with { News = ProviderNews.Clicked, Facts = facts },
            "spamreport" => read with { News = ProviderNews.Complained },
            "unsubscribe" or "group_unsubscribe" => read with { News = ProviderNews.Unsubscribed },
            "bounce" => read.With(Bounce(item, read)),
            "dropped" => read.With(Dropped(item.Text("reason") ?? "")),
            "account_status_change" => read with
            {
                News = ProviderNews.Account,
                Reply = item.Text("type") ?? "account_status_change",
            },
            _ => null,
        };
    }

    private static Failure Bounce(JsonElement item, ProviderEvent read)
    {
        if (item.Text("type") != "blocked")
        {
            return Failure.Judge(read.Reply, read.Status, Failure.Hard);
        }

        // Not the address's fault, it says; after 72 hours of deferrals it says so too.
        var judged = Failure.Judge(
            read.Reply,
            read.Status,
            item.Text("bounce_classification") switch
            {
                "Content" => Failure.Content,
                "Technical" or "Mailbox Unavailable" or "Invalid Address" => Failure.Soft,
                "Unclassified" or null => Failure.Unexplained,
                _ => Failure.Blocked,
            }
        );
        return judged.Class == BounceClass.Hard
            ? judged with
            {
                Class = BounceClass.Soft,
                Scope = OutcomeScope.None,
            }
            : judged;
    }

    private static Failure Dropped(string reason) =>
        reason switch
        {
            "Bounced Address" => Failure.Listed("bounce"),
            "Spam Reporting Address" => Failure.Listed("complaint"),
            "Unsubscribed Address" => Failure.Listed("unsubscribe"),
            "Invalid" => Failure.Listed("invalid"),
            "Spam Content" => Failure.Content,
            "Recipient List over Package Quota" => new(Outcome.PathDown, OutcomeScope.Account, BounceClass.Block),
            "Invalid SMTPAPI header" => new(Outcome.AdapterBug, OutcomeScope.Message, BounceClass.Unknown),
            _ => Failure.Unexplained,
        };
}
