using System.Xml;
using FluentValidation;
using FluentValidation.Results;
using Gateway.Submissions;

namespace Gateway.Api.Acceptance;

/// <summary>
/// What the form of a request must be, before addresses and headers are parsed. Each failure carries a
/// <see cref="FieldError"/>: the code, the field as the caller wrote it, and what would be accepted.
/// </summary>
public sealed class MessageRequestValidator : AbstractValidator<MessageRequest>
{
    public MessageRequestValidator(TimeProvider clock)
    {
        RuleFor(m => m).Custom(CheckRecipients);
        RuleFor(m => m).Custom(CheckContent);
        RuleFor(m => m).Custom((m, context) => CheckTimes(m, context, clock.GetUtcNow()));
        RuleFor(m => m.Tags).Custom(CheckTags);
        RuleFor(m => m.Metadata).Custom(CheckMetadata);
        RuleFor(m => m).Custom(CheckCounts);
        RuleFor(m => m.Stream)
            .Custom(
                (stream, context) =>
                {
                    if (stream is not (null or "transactional" or "broadcast"))
                    {
                        Fail(context, "not_accepted", "stream", stream, "transactional or broadcast");
                    }
                }
            );
    }

    /// <summary>The errors in the API's own form.</summary>
    public IReadOnlyList<FieldError> Check(MessageRequest request)
    {
        var result = Validate(request);
        return result.IsValid ? [] : [.. result.Errors.Select(e => (FieldError)e.CustomState)];
    }

    /// <summary>The duration of <c>deliver_within</c>, or null where it is none.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        try
        {
            return text.StartsWith('P') && !char.IsWhiteSpace(text[^1]) ? XmlConvert.ToTimeSpan(text) : null;
        }
        catch (Exception problem) when (problem is FormatException or OverflowException)
        {
            return null;
        }
    }

    private static void CheckRecipients(MessageRequest m, ValidationContext<MessageRequest> context)
    {
        var count = (m.To?.Count ?? 0) + (m.Cc?.Count ?? 0) + (m.Bcc?.Count ?? 0);
        if (count == 0)
        {
            Fail(
                context,
                "required",
                "to",
                null,
                $"1 to {MessageLimits.Recipients} recipients in to, cc and bcc together"
            );
        }
        else if (count > MessageLimits.Recipients)
        {
            Fail(
                context,
                "too_many",
                "to",
                $"{count}",
                $"at most {MessageLimits.Recipients} recipients in to, cc and bcc together"
            );
        }
    }

    private static void CheckCounts(MessageRequest m, ValidationContext<MessageRequest> context)
    {
        ReadOnlySpan<(string Field, int? Count, int Most)> counts =
        [
            ("reply_to", m.ReplyTo?.Count, MessageLimits.ReplyTo),
            ("headers", m.Headers?.Count, MessageLimits.Headers),
            ("attachments", m.Attachments?.Count, MessageLimits.Attachments),
            ("tags", m.Tags?.Count, MessageLimits.Tags),
            ("metadata", m.Metadata?.Count, MessageLimits.MetadataEntries),
        ];
        foreach (var (field, count, most) in counts)
        {
            if (count > most)
            {
                Fail(context, "too_many", field, $"{count}", $"at most {most} {field}");
            }
        }
    }

    private static void CheckContent(MessageRequest m, ValidationContext<MessageRequest> context)
    {
        if (m.Text is null && m.Html is null)
        {
            Fail(context, "required", "text", null, "text, html or both");
        }

        var bytes =
            (m.Text?.Length ?? 0L)
            + (m.Html?.Length ?? 0L)
            + (m.Attachments?.Sum(a => a?.Content?.LongLength ?? 0) ?? 0);
        if (bytes > MessageLimits.MessageBytes)
        {
            Fail(
                context,
                "too_large",
                "attachments",
                $"{bytes} bytes",
                $"at most {MessageLimits.MessageBytes} bytes of text, html and attachments"
            );
        }
    }

    private static void CheckTimes(MessageRequest m, ValidationContext<MessageRequest> context, DateTimeOffset now)
    {
        if (m.SendAt < now - MessageLimits.ClockSlack || m.SendAt > now + MessageLimits.SendAhead)
        {
            Fail(
                context,
                "out_of_range",
                "send_at",
                $"{m.SendAt:O}",
                "a time from now to 30 days ahead, such as 2030-01-31T09:00:00Z"
            );
        }

        if (m.DeliverWithin is { } text && ParseDuration(text) is not { Ticks: > 0, TotalDays: <= 30 })
        {
            Fail(
                context,
                "out_of_range",
                "deliver_within",
                text,
                "an ISO 8601 duration above zero and up to 30 days, such as PT15M"
            );
        }
    }

    private static void CheckTags(IReadOnlyList<string>? tags, ValidationContext<MessageRequest> context)
    {
        for (var i = 0; i < Math.Min(tags?.Count ?? 0, MessageLimits.Tags); i++)
        {
            if (tags![i] is not { Length: > 0 and <= MessageLimits.TagLength } tag || HasControl(tag))
            {
                Fail(
                    context,
                    "not_accepted",
                    $"tags[{i}]",
                    tags[i],
                    $"1 to {MessageLimits.TagLength} characters, none of them a control character"
                );
            }
        }
    }

    private static void CheckMetadata(
        IReadOnlyDictionary<string, string>? metadata,
        ValidationContext<MessageRequest> context
    )
    {
        foreach (var (key, value) in (metadata ?? NoMetadata).Take(MessageLimits.MetadataEntries))
        {
            if (key.Length is 0 or > MessageLimits.MetadataKeyLength || HasControl(key))
            {
                Fail(
                    context,
                    "not_accepted",
                    "metadata",
                    key,
                    $"keys of 1 to {MessageLimits.MetadataKeyLength} characters without control characters"
                );
            }
            else if (value is not { Length: <= MessageLimits.MetadataValueLength } || value.Contains('\0'))
            {
                Fail(
                    context,
                    "not_accepted",
                    $"metadata.{key}",
                    value,
                    $"at most {MessageLimits.MetadataValueLength} characters without NUL"
                );
            }
        }
    }

    private static readonly Dictionary<string, string> NoMetadata = [];

    private static bool HasControl(string text) =>
        text.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0 || text.Contains('\x7f');

    private static void Fail<T>(
        ValidationContext<T> context,
        string code,
        string field,
        string? value,
        string accepted
    ) =>
        context.AddFailure(
            new ValidationFailure(field, accepted) { CustomState = FieldError.Of(code, field, value, accepted) }
        );
}
