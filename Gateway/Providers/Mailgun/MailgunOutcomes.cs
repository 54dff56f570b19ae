using System.Globalization;
using System.Text.Json;
using Gateway.Mail;
using Gateway.Providers.Http;
using Gateway.Providers.Outcomes;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Providers.Mailgun;

/// <summary>What an answer of <c>messages.mime</c> means. Pure: the answer and the time decide.</summary>
internal static class MailgunOutcomes
{
    private const string After = "try again after ";

    private static readonly string[] Parameters = ["to", "cc", "bcc", "from", "message", "subject"];

    private static readonly TextRule[] Throttles =
    [
        new("mailgun/account-rate", PathThrottled, Account, "account & limit exceeded"),
        new("mailgun/domain-rate", PathThrottled, Identity, "limit exceeded", "large batches", "try again after"),
    ];

    private static readonly TextRule[] Rules =
    [
        new(
            "mailgun/account",
            PathDown,
            Account,
            "not allowed to send: account",
            "not allowed to send: free accounts",
            "not allowed to send: please activate",
            "account terminated",
            "account disabled",
            "ip & can't be used to send"
        ),
        new("mailgun/domain", PathDown, Identity, "is not allowed to send", "domain not found"),
        // Fields that only we write.
        new(
            "mailgun/our-field",
            AdapterBug,
            OutcomeScope.Message,
            "to parameter is missing",
            "message parameter is missing",
            "message parameter is not a file",
            "too many recipients",
            "send options"
        ),
        new(
            "mailgun/recipient",
            RecipientPermanent,
            Recipient,
            "to parameter is not a valid address",
            "cc parameter is not a valid address",
            "bcc parameter is not a valid address",
            "cannot parse to address"
        ),
        new(
            "mailgun/message",
            MessagePermanent,
            OutcomeScope.Message,
            "from parameter is not a valid address",
            "parameter is missing",
            "need at least one of",
            "must be pure ascii",
            "cannot parse from address",
            "message size",
            "too large",
            "size limit"
        ),
    ];

    public static HttpVerdict Classify(HttpAnswer answer, DateTimeOffset now)
    {
        if (answer.Status is >= 200 and < 300)
        {
            return OfSuccess(answer);
        }

        var text = RefusalText.Of(Message(answer));
        // Read before the number: "not allowed to send" comes as 400, and so does a rate.
        if (answer.Status is >= 400 and < 500 and not (401 or 402 or 408 or 413))
        {
            if (answer.Status == 429 || TextRule.First(Throttles, text) is not null)
            {
                var limit = TextRule.First(Throttles, text) ?? new(PathThrottled, Account, "mailgun/rate");
                return limit with { RetryAfter = Hint(Message(answer), now) ?? RateHints.Of(answer, now) };
            }

            if ((TextRule.First(Rules, text) ?? TextRule.First(AccountRules.All, text)) is { } known)
            {
                // 403 is never the message's fault, whatever it says.
                return answer.Status == 403 && known.Outcome != PathDown
                    ? new(PathDown, Account, "mailgun/forbidden")
                    : known;
            }
        }

        return answer.Status switch
        {
            403 => new(PathDown, Account, "mailgun/forbidden"),
            404 => new(AdapterBug, OutcomeScope.Message, "mailgun/request"),
            400 or 422 => new(MessagePermanent, OutcomeScope.Message, "mailgun/unknown")
            {
                UnknownText = $"{answer.Status} {text}",
            },
            _ => TransportOutcomes.Common(answer, now) ?? new(PathDown, Account, "mailgun/unknown-status"),
        };
    }

    /// <summary>
    /// The same refusals over SMTP (mailgun.md §10): a rate is said with the words of a closed account, which the tables of
    /// relays know as that.
    /// </summary>
    public static SendResult OfSmtp(SendResult result, DateTimeOffset now) =>
        result.Outcome == PathDown
        && result.Reply.Contains("not allowed to send", StringComparison.OrdinalIgnoreCase)
        && result.Reply.Contains("limit exceeded", StringComparison.OrdinalIgnoreCase)
            ? result with
            {
                Outcome = PathThrottled,
                RetryAfter = result.RetryAfter ?? Hint(result.Reply, now),
            }
            : result;

    // 200 is not yet an acceptance: a wrong URL answers it, too.
    private static HttpVerdict OfSuccess(HttpAnswer answer)
    {
        if (
            Read(answer.Body, "id") is { Length: > 0 and <= 998 } id
            && Read(answer.Body, "message") is { } said
            && said.StartsWith("Queued", StringComparison.OrdinalIgnoreCase)
        )
        {
            // In brackets here, without them in the events.
            return new(Accepted, None, "mailgun/queued") { ProviderId = id.Trim('<', '>') };
        }

        return answer.Body.Contains("Magnificent API", StringComparison.OrdinalIgnoreCase)
            ? new(PathDown, Account, "mailgun/wrong-url")
            : new(Unknown, Account, "mailgun/odd-success");
    }

    /// <summary>"try again after Mon, 20 Dec 2021 20:33:21 UTC", or "after 120 seconds".</summary>
    internal static TimeSpan? Hint(string message, DateTimeOffset now)
    {
        var at = message.IndexOf(After, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var when = message.AsSpan(at + After.Length).Trim(" .");
        var digits = when.IndexOfAnyExceptInRange('0', '9');
        var unit = digits > 0 ? when[digits..].TrimStart() : default;
        if (
            digits is > 0 and < 8
            && !unit.IsEmpty
            && char.ToLowerInvariant(unit[0]) is 's' or 'm' or 'h'
            && int.TryParse(when[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
        {
            var scale = char.ToLowerInvariant(unit[0]) switch
            {
                's' => 1,
                'm' => 60,
                _ => 3_600,
            };
            return RateHints.Bound((double)number * scale);
        }

        return RateHints.TryDate(when.ToString(), out var instant) ? RateHints.Until(instant, now) : null;
    }

    /// <summary>The <c>message</c> of the JSON; the body itself where it is none (401 is the bare word Forbidden).</summary>
    private static string Message(HttpAnswer answer)
    {
        var message = Read(answer.Body, "message") ?? answer.Body;
        // A parameter's name is the provider's own word, with quotes or without.
        foreach (var name in Parameters)
        {
            message = message.Replace($"'{name}'", name, StringComparison.Ordinal);
        }

        return message;
    }

    private static string? Read(string body, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(name, out var value)
                && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
