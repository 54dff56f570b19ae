using System.Text;
using System.Text.Json;
using Gateway.Api.Acceptance;
using Gateway.Api.Problems;
using Gateway.Mail.Messages;
using Gateway.Submissions;

namespace Gateway.Api.SmtpSubmission;

/// <summary>
/// What a JSON door takes as fields comes by SMTP as header fields, and is taken out before the message leaves:
/// <c>X-Gateway-Tag</c> (a list, repeatable), <c>-Metadata</c> (a JSON object of strings, or <c>name=value</c>,
/// repeatable), <c>-Stream</c>, <c>-Track</c> (<c>opens</c>, <c>clicks</c>, both, or <c>none</c>) and
/// <c>-Idempotency-Key</c>.
/// </summary>
internal sealed record SubmissionHeaders
{
    private const string Prefix = "X-Gateway-";
    private const string Tag = Prefix + "Tag";
    private const string Metadata = Prefix + "Metadata";
    private const string StreamName = Prefix + "Stream";
    private const string Track = Prefix + "Track";
    public const string IdempotencyKeyName = Prefix + "Idempotency-Key";

    public string Stream { get; private init; } = "transactional";
    public IReadOnlyList<string> Tags { get; private init; } = [];
    public IReadOnlyDictionary<string, string>? Values { get; private init; }
    public bool Opens { get; private init; }
    public bool Clicks { get; private init; }
    public string? IdempotencyKey { get; private init; }

    /// <summary>Reads them from the message's header section; the body is not looked at.</summary>
    public static (SubmissionHeaders? Headers, ApiProblem? Problem) Read(
        ReadOnlyMemory<byte> message,
        MessageRequestValidator validator
    )
    {
        var end = message.Span.IndexOf("\r\n\r\n"u8);
        var section = end < 0 ? message : message[..(end + 4)];
        if (!Mentions(section.Span))
        {
            return (new SubmissionHeaders(), null);
        }

        var fields = MimeMessage.Parse(section).Headers;
        var (tags, values) = (new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        string? stream = null,
            key = null;
        bool? opens = null,
            clicks = null;
        foreach (var field in fields)
        {
            var name = Encoding.ASCII.GetString(field.Name.Span);
            var text = field.Text.Trim();
            FieldError? error = name switch
            {
                _ when Is(name, Tag) => AddTags(text, tags),
                _ when Is(name, Metadata) => AddMetadata(text, values),
                _ when Is(name, StreamName) => Once(ref stream, StreamName, text),
                _ when Is(name, IdempotencyKeyName) => Once(ref key, IdempotencyKeyName, text),
                _ when Is(name, Track) => ReadTrack(text, ref opens, ref clicks),
                _ => null,
            };
            if (error is not null)
            {
                return (null, ApiProblem.Invalid(error));
            }
        }

        var headers = new SubmissionHeaders
        {
            Stream = stream ?? "transactional",
            Tags = tags,
            Values = values.Count > 0 ? values : null,
            Opens = opens ?? false,
            Clicks = clicks ?? false,
            IdempotencyKey = key,
        };
        return headers.Check(validator) is { } wrong ? (null, wrong) : (headers, null);
    }

    /// <summary>The rules of the JSON door hold for the same fields, whatever they are called here.</summary>
    private ApiProblem? Check(MessageRequestValidator validator)
    {
        if (IdempotencyKey is not null && !IdempotencyHeader.IsKey(IdempotencyKey))
        {
            return ApiProblem.Invalid(
                FieldError.Of("not_accepted", IdempotencyKeyName, IdempotencyKey, IdempotencyHeader.Accepted)
            );
        }

        var errors = validator.Check(
            new MessageRequest
            {
                To = [new AddressText("x@example.com", Name: null, IsApart: false)],
                Text = "",
                Tags = Tags,
                Metadata = Values,
                Stream = Stream,
            }
        );
        return errors.Count == 0
            ? null
            : ApiProblem.Invalid([.. errors.Select(e => e with { Field = NameOf(e.Field) })]);
    }

    private static string NameOf(string field) =>
        field.StartsWith("tags", StringComparison.Ordinal) ? Tag
        : field.StartsWith("metadata", StringComparison.Ordinal) ? Metadata
        : StreamName;

    private static bool Is(string name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);

    private static bool Mentions(ReadOnlySpan<byte> section)
    {
        // Few messages have any: one cheap pass before the header is parsed for them.
        while (section.IndexOf((byte)'-') is var at and >= 0)
        {
            if (at >= 1 && at + 8 < section.Length && Ascii.EqualsIgnoreCase(section.Slice(at - 1, 10), Prefix))
            {
                return true;
            }

            section = section[(at + 1)..];
        }

        return false;
    }

    private static FieldError? AddTags(string text, List<string> tags)
    {
        foreach (var tag in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (tags.Count > MessageLimits.Tags)
            {
                break; // the validator says how many
            }

            tags.Add(tag);
        }

        return null;
    }

    private static FieldError? AddMetadata(string text, Dictionary<string, string> values)
    {
        if (!text.StartsWith('{'))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 && values.TryAdd(text[..equals].Trim(), text[(equals + 1)..].Trim())
                ? null
                : WrongMetadata(text);
        }

        try
        {
            var read = JsonSerializer.Deserialize(text, ApiJson.Readable.DictionaryStringString) ?? [];
            return read.All(pair => pair.Value is not null && values.TryAdd(pair.Key, pair.Value))
                ? null
                : WrongMetadata(text);
        }
        catch (JsonException)
        {
            return WrongMetadata(text);
        }
    }

    private static FieldError WrongMetadata(string text) =>
        FieldError.Of(
            "not_accepted",
            Metadata,
            text,
            "name=value, or a JSON object whose values are strings; each name once"
        );

    private static FieldError? Once(ref string? value, string name, string text)
    {
        if (value is not null)
        {
            return FieldError.Of("header_repeated", name, text, $"one {name} field");
        }

        value = text;
        return null;
    }

    private static FieldError? ReadTrack(string text, ref bool? opens, ref bool? clicks)
    {
        var words = text.ToLowerInvariant()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (opens is not null || words.Length == 0 || !words.All(w => w is "opens" or "clicks" or "none"))
        {
            return FieldError.Of(
                "not_accepted",
                Track,
                text,
                "opens, clicks, both with a comma between, or none; once"
            );
        }

        (opens, clicks) = (words.Contains("opens"), words.Contains("clicks"));
        return null;
    }
}
