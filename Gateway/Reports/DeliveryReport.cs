using Gateway.Mail;
using Gateway.Mail.Bounces;

namespace Gateway.Reports;

/// <summary>What is told of an attempt.</summary>
public enum Reported
{
    /// <summary>The provider has it and goes on trying; also the answer of a look-up that found it.</summary>
    Processed,

    /// <summary>The receiver said not now; the provider tries again.</summary>
    Deferred,

    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>Nobody will try again over this path; <see cref="DeliveryReport.Outcome"/> says whose fault it was.</summary>
    Failed,
    Complained,
    Opened,
    Clicked,
    Unsubscribed,
}

/// <summary>
/// What somebody outside says of one attempt: a provider's event, a bounce or complaint by mail, a look-up, a click on
/// "unsubscribe". Its ids are a stranger's claim until the ledger bears them out.
/// </summary>
public sealed record DeliveryReport
{
    /// <summary>Null where the report does not tell it: it is found by the delivery.</summary>
    public Guid? TenantId { get; init; }
    public required Guid MessageId { get; init; }
    public required Guid DeliveryId { get; init; }

    /// <summary>Null where the report does not tell it: the last one over its path is meant.</summary>
    public int? Attempt { get; init; }

    /// <summary>
    /// The path whose account or server tells it: a report on an attempt over another path is not believed. Null where
    /// anybody may tell it, such as a bounce by mail.
    /// </summary>
    public string? Path { get; init; }
    public required Reported Kind { get; init; }

    /// <summary>Of <see cref="Reported.Failed"/>: the same classes as an attempt's own result.</summary>
    public Outcome Outcome { get; init; } = Outcome.Accepted;
    public OutcomeScope Scope { get; init; }

    /// <summary>How sure the failure is; only <see cref="BounceClass.Hard"/> speaks against the address.</summary>
    public BounceClass Class { get; init; }

    /// <summary>The receiver's words as they were passed on.</summary>
    public string? Reply { get; init; }

    /// <summary>Enhanced status (RFC 3463), <c>5.1.1</c>.</summary>
    public string? Status { get; init; }

    /// <summary>provider, dsn, arf, lookup or unsubscribe.</summary>
    public required string Source { get; init; }

    /// <summary>
    /// Names the report among all of its path for 48 hours: a second one with the same name changes nothing. Null where
    /// a repetition does no harm.
    /// </summary>
    public string? SourceEventId { get; init; }

    /// <summary>When it happened, as the source says.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Further facts that tenants read in the event, such as <c>url</c>, <c>user_agent</c>, <c>machine</c>.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = NoFacts;

    private static readonly Dictionary<string, string> NoFacts = [];
}
