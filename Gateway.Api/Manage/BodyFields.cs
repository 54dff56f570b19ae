using System.Globalization;
using System.Text.Json;
using Gateway.Api.Problems;
using Gateway.Submissions;

namespace Gateway.Api.Manage;

/// <summary>
/// The fields of a JSON object, read strictly: a setting that is misspelt and then ignored is a promise that is broken.
/// Collects all that is wrong, each with its field, its value and what would be accepted.
/// </summary>
internal sealed class BodyFields
{
    private static readonly string[] TimeForms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private readonly JsonElement body;
    private readonly string prefix;
    private readonly List<FieldError> errors;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly List<BodyFields> inner = [];

    public BodyFields(JsonElement body)
        : this(body, "", []) { }

    private BodyFields(JsonElement body, string prefix, List<FieldError> errors) =>
        (this.body, this.prefix, this.errors) = (body, prefix, errors);

    /// <summary>The field is there, be it null.</summary>
    public bool Has(string name) => Find(name).ValueKind != JsonValueKind.Undefined;

    /// <summary>The field is there and null: back to its default.</summary>
    public bool IsNull(string name) => Find(name).ValueKind == JsonValueKind.Null;

    /// <summary>Text without control characters; null where it is absent, null or refused.</summary>
    public string? Text(string name, int most, bool required = false)
    {
        var accepted = $"1 to {most} characters without control characters";
        switch (Find(name))
        {
            case { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null }:
                if (required)
                {
                    Refuse(name, null, accepted, "required");
                }

                return null;
            case { ValueKind: JsonValueKind.String } value when TextOf(value) is { Length: > 0 } text:
                if (text.Length <= most && text.Trim().Length > 0 && !text.Any(char.IsControl))
                {
                    return text.Trim();
                }

                Refuse(name, text, accepted);
                return null;
            case var value:
                Refuse(name, Raw(value), accepted, value.ValueKind == JsonValueKind.String ? null : "wrong_type");
                return null;
        }
    }

    public string? OneOf(string name, IReadOnlyList<string> words, bool required = false)
    {
        var accepted = "one of " + string.Join(", ", words);
        switch (Find(name))
        {
            case { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null }:
                if (required)
                {
                    Refuse(name, null, accepted, "required");
                }

                return null;
            case { ValueKind: JsonValueKind.String } value when TextOf(value) is { } text && words.Contains(text):
                return text;
            case var value:
                Refuse(name, Raw(value), accepted);
                return null;
        }
    }

    public double? Number(string name, double least, double most, bool whole = true, bool required = false)
    {
        var accepted = string.Create(
            CultureInfo.InvariantCulture,
            $"a {(whole ? "whole " : "")}number from {least} to {most}"
        );
        switch (Find(name))
        {
            case { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null }:
                if (required)
                {
                    Refuse(name, null, accepted, "required");
                }

                return null;
            case { ValueKind: JsonValueKind.Number } value
                when value.TryGetDouble(out var number)
                    && number >= least
                    && number <= most
                    && (!whole || number == Math.Floor(number)):
                return number;
            case var value:
                Refuse(name, Raw(value), accepted, value.ValueKind == JsonValueKind.Number ? null : "wrong_type");
                return null;
        }
    }

    /// <summary>False where it is absent, null or refused.</summary>
    public bool Flag(string name)
    {
        switch (Find(name))
        {
            case { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False }:
                return false;
            case { ValueKind: JsonValueKind.True }:
                return true;
            case var value:
                Refuse(name, Raw(value), "true or false", "wrong_type");
                return false;
        }
    }

    /// <summary>RFC 3339 with an offset, later than <paramref name="after"/> and no later than <paramref name="until"/>.</summary>
    public DateTimeOffset? Time(string name, DateTimeOffset after, DateTimeOffset until)
    {
        var value = Find(name);
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        if (
            value.ValueKind == JsonValueKind.String
            && TextOf(value) is { Length: <= 40 } text
            && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > "yyyy-MM-dd".Length)
            && DateTimeOffset.TryParseExact(
                text,
                TimeForms,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time
            )
            && time > after
            && time <= until
        )
        {
            return time;
        }

        Refuse(name, Raw(value), $"a time such as 2026-01-31T08:30:00Z, after {after:u} and not after {until:u}");
        return null;
    }

    /// <summary>An object of plain values, each as text; null where it is absent, null or refused.</summary>
    public IReadOnlyDictionary<string, string>? Values(string name, int most)
    {
        var value = Find(name);
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        const string accepted = "an object of texts, numbers and booleans";
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() > most)
        {
            Refuse(name, null, $"{accepted}, at most {most}");
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in value.EnumerateObject())
        {
            var text = property.Value.ValueKind switch
            {
                JsonValueKind.String => TextOf(property.Value),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => property.Value.GetRawText(),
                _ => null,
            };
            if (text is null || text.Any(char.IsControl) || !values.TryAdd(property.Name, text))
            {
                // Never with its value: it may be a secret.
                Refuse($"{name}.{property.Name}", null, accepted);
            }
        }

        return values;
    }

    /// <summary>A list of texts; null where it is absent, null or refused.</summary>
    public IReadOnlyList<string>? Texts(string name, int most, string accepted)
    {
        var value = Find(name);
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
        {
            Refuse(name, Raw(value), $"a list of at most {most}: {accepted}");
            return null;
        }

        var texts = new List<string>(value.GetArrayLength());
        foreach (var (at, item) in value.EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.String && TextOf(item) is { Length: > 0 and <= 320 } text)
            {
                texts.Add(text);
            }
            else
            {
                Refuse($"{name}[{at}]", Raw(item), accepted);
            }
        }

        return texts;
    }

    /// <summary>A list of objects, each read by its own fields; null where it is absent, null or refused.</summary>
    public IReadOnlyList<BodyFields>? Objects(string name, int most)
    {
        var value = Find(name);
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
        {
            Refuse(name, Raw(value), $"a list of at most {most} objects");
            return null;
        }

        var objects = new List<BodyFields>();
        foreach (var (at, item) in value.EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.Object)
            {
                objects.Add(new BodyFields(item, $"{prefix}{name}[{at}].", errors));
            }
            else
            {
                Refuse($"{name}[{at}]", Raw(item), "an object");
            }
        }

        inner.AddRange(objects);
        return objects;
    }

    public void Refuse(string name, string? value, string accepted, string? code = null) =>
        errors.Add(FieldError.Of(code ?? "not_accepted", prefix + name, value, accepted));

    /// <summary>What is wrong, unknown fields included; null where all is well. Call it after the last field was read.</summary>
    public ApiProblem? Problem()
    {
        RefuseUnknown();
        return errors.Count == 0 ? null : ApiProblem.Invalid(errors);
    }

    private void RefuseUnknown()
    {
        foreach (var property in body.EnumerateObject().Where(p => !known.Contains(p.Name)))
        {
            Refuse(property.Name, Raw(property.Value), "only " + string.Join(", ", known), "unknown_field");
        }

        inner.ForEach(o => o.RefuseUnknown());
    }

    private JsonElement Find(string name)
    {
        known.Add(name);
        return body.TryGetProperty(name, out var value) ? value : default;
    }

    private static string Raw(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? TextOf(value) ?? "(half of a surrogate pair)" : value.GetRawText();

    /// <summary>Null where an escape names half of a surrogate pair: that is no text.</summary>
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
