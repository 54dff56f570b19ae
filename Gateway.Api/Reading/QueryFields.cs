using System.Globalization;
using Gateway.Api.Problems;
using Gateway.Submissions;

namespace Gateway.Api.Reading;

/// <summary>
/// The query string of a list, read strictly: a filter that is misspelt and then ignored would show a tenant the wrong
/// mail. Collects all that is wrong.
/// </summary>
internal sealed class QueryFields(IQueryCollection query)
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    /// <summary>Characters; as long as the longest address, and longer than any tag, path or cause.</summary>
    private const int MaxText = 320;

    private static readonly string[] TimeForms =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<FieldError> errors = [];

    public int Limit() => Number("limit", 1, MaxLimit, DefaultLimit);

    public string? Text(string name)
    {
        known.Add(name);
        var given = query[name];
        if (given.Count == 0)
        {
            return null;
        }

        if (given.Count > 1)
        {
            Refuse(name, given.ToString(), "one value");
        }
        else if (given[0] is not { Length: > 0 and <= MaxText } text || text.Any(char.IsControl))
        {
            Refuse(name, given[0], $"1 to {MaxText} characters without control characters");
        }
        else
        {
            return text;
        }

        return null;
    }

    public string? OneOf(string name, IReadOnlyList<string> words)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (!words.Contains(text))
        {
            Refuse(name, text, "one of " + string.Join(", ", words));
        }

        return text;
    }

    public int Number(string name, int least, int most, int otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
        )
        {
            return number;
        }

        Refuse(name, text, $"a whole number from {least} to {most}");
        return otherwise;
    }

    /// <summary>RFC 3339; a bare date is its first instant in UTC.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, TimeForms, CultureInfo.InvariantCulture, utc, out var time))
        {
            return time;
        }

        Refuse(name, text, "a time such as 2026-01-31T08:30:00Z or a date such as 2026-01-31 (write + as %2B)");
        return null;
    }

    public Guid? Id(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (LedgerIds.TryParse(text, out var id))
        {
            return id;
        }

        Refuse(name, text, "an id as the API gave it");
        return null;
    }

    public IReadOnlyList<Guid> Ids(string name, int most)
    {
        known.Add(name);
        var given = query[name];
        if (given.Count > most)
        {
            Refuse(name, $"{given.Count} values", $"at most {most} values");
            return [];
        }

        var ids = new List<Guid>(given.Count);
        foreach (var text in given)
        {
            if (LedgerIds.TryParse(text, out var id))
            {
                ids.Add(id);
            }
            else
            {
                Refuse(name, text, "an id as the API gave it");
            }
        }

        return ids;
    }

    public void Refuse(string name, string? value, string accepted) =>
        errors.Add(FieldError.Of("not_accepted", name, value, accepted));

    /// <summary>What is wrong, unknown names included; null where all is well. Call it after the last field was read.</summary>
    public ApiProblem? Problem()
    {
        foreach (var name in query.Keys.Where(k => !known.Contains(k)))
        {
            errors.Add(
                FieldError.Of("unknown_parameter", name, query[name].ToString(), "only " + string.Join(", ", known))
            );
        }

        return errors.Count == 0 ? null : ApiProblem.Invalid(errors);
    }
}
