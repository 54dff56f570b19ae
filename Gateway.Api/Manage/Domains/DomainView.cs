using System.Text.Json.Serialization;
using Gateway.Domains;

namespace Gateway.Api.Manage.Domains;

/// <summary>A sending domain.</summary>
internal sealed record DomainView
{
    public required Guid Id { get; init; }
    public required string Domain { get; init; }

    /// <summary>pending, verified, degraded or failed; mail may show it while verified or degraded.</summary>
    public required string State { get; init; }

    /// <summary>What the last look at DNS found wrong; null where all is well.</summary>
    public DomainProblem? Problem { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? VerifiedAt { get; init; }
    public DateTimeOffset? CheckedAt { get; init; }
    public DateTimeOffset? NextCheckAt { get; init; }

    /// <summary>Set while degraded: sending ends then unless the proof is back.</summary>
    public DateTimeOffset? FailsAt { get; init; }
    public required IReadOnlyList<DkimView> Dkim { get; init; }
    public required IReadOnlyList<RecordView> Records { get; init; }

    public static DomainView Of(DomainRow row, IReadOnlyList<DkimRow> keys, IEnumerable<WantedRecord> records) =>
        new()
        {
            Id = row.Id,
            Domain = row.Domain,
            State = row.StateWord,
            Problem = row.Problem is { } code ? new DomainProblem(code, row.ProblemDetail ?? "") : null,
            CreatedAt = Time(row.CreatedAt)!.Value,
            VerifiedAt = Time(row.VerifiedAt),
            CheckedAt = Time(row.CheckedAt),
            NextCheckAt = Time(row.NextCheckAt),
            FailsAt = Time(row.DegradedSince) + DomainLife.Warning,
            Dkim =
            [
                .. keys.Select(k => new DkimView(
                    k.Selector,
                    k.Algorithm,
                    k.State,
                    k.Problem,
                    Time(k.CheckedAt),
                    Time(k.PublishUntil)
                )),
            ],
            Records = [.. records.Select(r => RecordView.Of(r, null))],
        };

    private static DateTimeOffset? Time(DateTime? utc) => utc is { } time ? new DateTimeOffset(time) : null;
}

/// <summary>A signing key of the domain.</summary>
/// <param name="State">pending, active, stopped or retired; it signs while active.</param>
/// <param name="Problem">Why its record was not as it should be.</param>
/// <param name="CheckedAt">When its record was last looked at.</param>
/// <param name="PublishUntil">Of a retired key: its record stays needed until then.</param>
internal sealed record DkimView(
    string Selector,
    string Algorithm,
    string State,
    string? Problem,
    DateTimeOffset? CheckedAt,
    DateTimeOffset? PublishUntil
);

/// <summary>A record to publish.</summary>
/// <param name="Purpose">ownership, dkim, spf, dmarc, return_path or path.</param>
/// <param name="Required">False where it is advice.</param>
/// <param name="OrCname">A CNAME with this target does in its place.</param>
internal sealed record RecordView(
    string Purpose,
    bool Required,
    string Type,
    string Name,
    string Value,
    string? OrCname,
    string Why
)
{
    /// <summary>ok, missing, different or unknown; only where DNS was asked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    /// <summary>What stands there now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Seen { get; init; }

    public static RecordView Of(WantedRecord r, SeenRecord? seen) =>
        new(r.Purpose, r.Required, r.Type, r.Name, r.Value, r.OrCnameTo, r.Why)
        {
            Status = seen?.State,
            Seen = seen?.Seen,
        };
}

internal sealed record DomainPage(IReadOnlyList<DomainView> Items, string? Next);

/// <summary>All records of a domain with what is seen of each at this moment.</summary>
/// <param name="Ready">True where every required record is there.</param>
internal sealed record DomainDns(Guid Id, string Domain, bool Ready, IReadOnlyList<RecordView> Records);
