using System.Text.Json;
using Gateway.Mail;
using Gateway.Providers.Http;
using Gateway.Providers.Outcomes;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Providers.SendGrid;

/// <summary>What an answer of <c>POST /v3/mail/send</c> means. Pure: the answer and the time decide.</summary>
internal static class SendGridOutcomes
{
    /// <summary>Errors of one answer that are read.</summary>
    private const int MaxErrors = 64;

    /// <summary>Fields of the request that only we fill: a refusal of them is our bug.</summary>
    private static readonly string[] OurFields =
    [
        "custom_args",
        "tracking_settings",
        "mail_settings",
        "personalizations.headers.x-gw",
        "categories",
        "asm",
        "batch_id",
        "send_at",
        "ip_pool_name",
        "template_id",
    ];

    private static readonly TextRule[] Rules =
    [
        new(
            "sendgrid/split",
            AdapterBug,
            OutcomeScope.Message,
            "personalization block is limited",
            "total recipients",
            "each unique email address",
            "personalizations field is required",
            "the to array is required"
        ),
        new(
            "sendgrid/json",
            AdapterBug,
            OutcomeScope.Message,
            "invalid json",
            "malformed json",
            "unexpected field",
            "invalid type"
        ),
        new(
            "sendgrid/message",
            MessagePermanent,
            OutcomeScope.Message,
            "the subject is required",
            "subject & must be",
            "content value must be",
            "content & at least one character",
            "from email does not contain a valid address",
            "reply_to email does not contain a valid address",
            "attachment content",
            "attachment type",
            "attachment & base64",
            "cannot be one of the reserved keys",
            "header & reserved",
            "payload too large",
            "exceeds the maximum",
            "too large"
        ),
    ];

    public static HttpVerdict Classify(HttpAnswer answer, DateTimeOffset now) =>
        answer.Status switch
        {
            202 => new(Accepted, None, "sendgrid/accepted") { ProviderId = MessageId(answer) },
            // What sandbox mode answers, which we never ask for: valid, and not taken (sendgrid.md §3).
            200 when MessageId(answer) is null => new(PathDown, Account, "sendgrid/not-taken"),
            < 300 => new(Unknown, Account, "sendgrid/odd-success"),
            403 => OfRefusal(answer) is { Outcome: PathDown, Scope: Identity } identity
                ? identity
                : new(PathDown, Account, "sendgrid/forbidden"),
            404 => new(AdapterBug, OutcomeScope.Message, "sendgrid/request"),
            _ => TransportOutcomes.Common(answer, now) ?? OfRefusal(answer) ?? OfUnknown(answer),
        };

    /// <summary>What the words say, whatever the number; null where no line knows them.</summary>
    private static HttpVerdict? OfRefusal(HttpAnswer answer)
    {
        HttpVerdict? recipient = null;
        foreach (var (message, field) in Errors(answer))
        {
            var text = RefusalText.Of(message);
            if (TextRule.First(Rules, text) is { } own)
            {
                return own;
            }

            if (TextRule.First(AccountRules.All, text) is { } account)
            {
                return account;
            }

            if (IsRecipient(field))
            {
                // Only if nothing worse is said beside it.
                recipient ??= new(RecipientPermanent, Recipient, "sendgrid/recipient");
            }
            else if (IsOurs(field) || (field.Length == 0 && text == "bad request"))
            {
                return new(AdapterBug, OutcomeScope.Message, "sendgrid/our-field");
            }
            else
            {
                return null;
            }
        }

        return recipient;
    }

    // New words at 400 or 422 speak of the message, until too many messages hear them. Other new numbers are the
    // provider's or its edge's: never a bounce.
    private static HttpVerdict OfUnknown(HttpAnswer answer) =>
        answer.Status is 400 or 422
            ? new(MessagePermanent, OutcomeScope.Message, "sendgrid/unknown") { UnknownText = Signature(answer) }
            : new(PathDown, Account, "sendgrid/unknown-status");

    private static string Signature(HttpAnswer answer) =>
        Errors(answer) is [var first, ..]
            ? $"{answer.Status} {RefusalText.Of(first.Message)}"
            : $"{answer.Status} {RefusalText.Of(answer.Body)}";

    private static bool IsRecipient(string field)
    {
        // personalizations.0.to.0.email
        var parts = field.Split('.');
        return parts
            is ["personalizations", _, "to" or "cc" or "bcc", _, "email"]
                or ["personalizations", _, "to" or "cc" or "bcc", "email"];
    }

    private static bool IsOurs(string field)
    {
        var plain = string.Join('.', field.ToLowerInvariant().Split('.').Where(p => !p.All(char.IsAsciiDigit)));
        return Array.Exists(
            OurFields,
            f =>
                plain.StartsWith(f, StringComparison.Ordinal)
                || plain.StartsWith("personalizations." + f, StringComparison.Ordinal)
        );
    }

    private static string? MessageId(HttpAnswer answer) =>
        answer.Headers.GetValueOrDefault("X-Message-Id") is { Length: > 0 and <= 200 } id ? id : null;

    /// <summary>The errors of the body; none where it is not that JSON: gateways answer in HTML.</summary>
    private static List<(string Message, string Field)> Errors(HttpAnswer answer)
    {
        var errors = new List<(string, string)>();
        try
        {
            using var body = JsonDocument.Parse(answer.Body);
            if (
                body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty("errors", out var list)
                && list.ValueKind == JsonValueKind.Array
            )
            {
                errors.AddRange(
                    list.EnumerateArray()
                        .Take(MaxErrors)
                        .Where(e => e.ValueKind == JsonValueKind.Object)
                        .Select(e => (Text(e, "message"), Text(e, "field")))
                );
            }
        }
        catch (JsonException) { } // not JSON: its words are read as they stand

        if (errors.Count == 0 && answer.Body.Length > 0)
        {
            errors.Add((answer.Body, ""));
        }

        return errors;
    }

    private static string Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
