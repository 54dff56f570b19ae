using System.Text.Json;
using Gateway.Api.Manage;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Tenants;

namespace Gateway.Api.Resends;

/// <summary>Which deliveries a job is about. Times are when the message was accepted, as in lists.</summary>
internal sealed record CohortFilter
{
    public const int MostRecipients = 100;

    /// <summary>As long as the longest tag, cause or path.</summary>
    private const int MostText = 320;
    private const string RecipientAccepted = "one address such as ann@example.com";
    private static readonly string[] Streams = ["transactional", "broadcast"];

    /// <summary>Null is every tenant's: the operator's only.</summary>
    public Guid? Tenant { get; init; }
    public required IReadOnlyList<string> States { get; init; }
    public string? Path { get; init; }
    public string? Cause { get; init; }
    public string? Tag { get; init; }
    public string? Stream { get; init; }

    /// <summary>What is held as an unusual volume stays: whoever asks may be the one who brought it.</summary>
    public bool LeavesUnusualVolume { get; init; }

    /// <summary>Policy keys of addresses; empty is everybody.</summary>
    public string[] Recipients { get; init; } = [];
    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }

    public Guid From => Since is { } time ? LedgerIds.From(time) : Guid.Empty;

    public Guid Below => Until is { } time ? LedgerIds.From(time) : LedgerIds.Highest;

    /// <summary>As the job keeps it, for whoever reads it later.</summary>
    public string ToJson() =>
        JsonSerializer.Serialize(
            new
            {
                Tenant,
                States,
                Path,
                Cause,
                Tag,
                Stream,
                Recipients = Recipients.Length == 0 ? null : Recipients,
                Since,
                Until,
            },
            StoredJson.Options
        );

    /// <param name="fields">The body.</param>
    /// <param name="states">Those that may be named.</param>
    /// <param name="isStateNeeded">False takes all of them where none is named.</param>
    /// <param name="now">Nothing was accepted later.</param>
    public static CohortFilter Read(
        BodyFields fields,
        IReadOnlyList<string> states,
        bool isStateNeeded,
        DateTimeOffset now
    )
    {
        var filter = new CohortFilter
        {
            States = ReadStates(fields, states, isStateNeeded),
            Path = fields.Text("path", MostText),
            Cause = fields.Text("cause", MostText),
            Tag = fields.Text("tag", MostText),
            Stream = fields.OneOf("stream", Streams),
            Recipients = ReadRecipients(fields),
            Since = fields.Time("since", DateTimeOffset.UnixEpoch, now.AddDays(1)),
            Until = fields.Time("until", DateTimeOffset.UnixEpoch, now.AddYears(1)),
        };
        if (filter.States.Contains(DeliveryState.Sent) && (filter.Since is null || filter.Path is null))
        {
            // Most mail is sent and well: whoever means some of it says which.
            fields.Refuse(
                filter.Path is null ? "path" : "since",
                null,
                "with the state sent, path and since: which path sat on it, and from when",
                "required"
            );
        }

        return filter;
    }

    private static IReadOnlyList<string> ReadStates(BodyFields fields, IReadOnlyList<string> states, bool isNeeded)
    {
        var (one, several) = (fields.OneOf("state", states), fields.Texts("states", states.Count, "states"));
        if (several is null)
        {
            if (one is null && isNeeded && !fields.Has("state"))
            {
                fields.Refuse("state", null, Accepted(states), "required");
            }

            return one is not null ? [one]
                : isNeeded ? []
                : states;
        }

        foreach (var (at, state) in several.Index().Where(s => !states.Contains(s.Item)))
        {
            fields.Refuse($"states[{at}]", state, Accepted(states));
        }

        if (one is not null || several.Count == 0)
        {
            fields.Refuse("states", null, $"state or states, with {Accepted(states)}");
        }

        return [.. several.Where(states.Contains).Distinct()];
    }

    private static string Accepted(IReadOnlyList<string> states) => "one of " + string.Join(", ", states);

    private static string[] ReadRecipients(BodyFields fields)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (at, text) in (fields.Texts("recipients", MostRecipients, RecipientAccepted) ?? []).Index())
        {
            if (EmailAddress.TryParse(text, out var address, out var error))
            {
                keys.Add(address.Key);
            }
            else
            {
                fields.Refuse($"recipients[{at}]", text, $"{RecipientAccepted}: {error.Message}", error.Code);
            }
        }

        return [.. keys];
    }
}
