namespace Gateway.Domains;

/// <summary>A claim as it is stored; Dapper fills it by the names of <see cref="Columns"/>.</summary>
public sealed class DomainRow
{
    public const string Columns = """
        domain_id AS Id, tenant_id AS TenantId, domain AS Domain, state AS StateWord, challenge AS Challenge,
        created_at AS CreatedAt, claimed_at AS ClaimedAt, verified_at AS VerifiedAt, checked_at AS CheckedAt,
        next_check_at AS NextCheckAt, degraded_since AS DegradedSince, failures AS Failures, problem AS Problem,
        problem_detail AS ProblemDetail, version AS Version
        """;

    public Guid Id { get; init; }
    public Guid TenantId { get; init; }
    public string Domain { get; init; } = "";
    public string StateWord { get; init; } = "";

    /// <summary>Null where the operator vouches for the domain.</summary>
    public byte[]? Challenge { get; init; }
    public DateTime CreatedAt { get; init; }
    public DateTime ClaimedAt { get; init; }
    public DateTime? VerifiedAt { get; init; }
    public DateTime? CheckedAt { get; init; }
    public DateTime? NextCheckAt { get; init; }
    public DateTime? DegradedSince { get; init; }
    public int Failures { get; init; }
    public string? Problem { get; init; }
    public string? ProblemDetail { get; init; }
    public int Version { get; init; }

    public DomainState State => DomainStates.Parse(StateWord);

    public DomainStanding Standing =>
        new(
            State,
            Failures,
            DegradedSince is { } since ? new DateTimeOffset(since) : null,
            new DateTimeOffset(ClaimedAt)
        );

    /// <summary>What the tenant publishes to prove the domain; null where nothing needs to be.</summary>
    public string? ChallengeText => Challenge is { } random ? Domains.Challenge.Text(TenantId, Domain, random) : null;
}

/// <summary>A key as the tenant may see it.</summary>
public sealed class DkimRow
{
    public const string Columns = """
        selector AS Selector, algorithm AS Algorithm, public_record AS PublicRecord, state AS State, target AS Target,
        problem AS Problem, publish_until AS PublishUntil, created_at AS CreatedAt, checked_at AS CheckedAt
        """;

    public string Selector { get; init; } = "";
    public string Algorithm { get; init; } = "";
    public string PublicRecord { get; init; } = "";
    public string State { get; init; } = "";

    /// <summary>The name in our zone that a CNAME at the selector may point to.</summary>
    public string? Target { get; init; }
    public string? Problem { get; init; }
    public DateTime? PublishUntil { get; init; }
    public DateTime CreatedAt { get; init; }
    public DateTime? CheckedAt { get; init; }
}
