using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Throttling;
using Gateway.Mail.Addresses;
using Gateway.Tenants;

namespace Gateway.Api.Acceptance;

/// <summary>One message as a door hands it to acceptance: checked, its ids drawn, its bytes as given.</summary>
public sealed record Submission
{
    public required Guid TenantId { get; init; }
    public required Guid MessageId { get; init; }

    /// <summary>Shared by the items of a batch; else the message id.</summary>
    public required Guid SubmissionId { get; init; }
    public required string KeyId { get; init; }
    public required string Mode { get; init; }
    public required string Door { get; init; }
    public required string Stream { get; init; }
    public required string FromAddress { get; init; }
    public required string FromDomain { get; init; }
    public required string Subject { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public string? MetadataJson { get; init; }
    public bool TrackOpens { get; init; }
    public bool TrackClicks { get; init; }
    public required byte[] Content { get; init; }
    public DateTimeOffset? SendAt { get; init; }
    public DateTimeOffset? Deadline { get; init; }
    public string? TraceParent { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>The envelope, each address once; the place in this list, from 1, makes the delivery's id.</summary>
    public required IReadOnlyList<Recipient> Recipients { get; init; }
    public IdempotencyClaim? Idempotency { get; init; }

    /// <summary>The name beside <see cref="FromAddress"/> where the From is rewritten; null where the given one stays.</summary>
    public string? FromShown { get; init; }

    /// <summary>The same, going out under another From. The bytes stay as given: they are rewritten when prepared.</summary>
    public Submission ShownAs(Mailbox? shown) =>
        shown is null
            ? this
            : this with
            {
                FromAddress = shown.Address.ToString(),
                FromDomain = shown.Address.Domain,
                FromShown = shown.Name ?? "",
            };

    /// <summary>Whose limits hold; without it none do.</summary>
    public TenantSnapshot? Tenant { get; init; }

    /// <summary>Set where a new key sends it from a new network; null where nothing is unusual.</summary>
    public Newcomer? Newcomer { get; init; }

    /// <summary>Why all of it is held from its birth; null where it is queued. Set on its way through the acceptor.</summary>
    internal string? HeldFor { get; set; }

    /// <summary>What it takes of the limits; set on its way through the acceptor.</summary>
    internal MessageCharge? Charge { get; set; }
}

/// <summary>An address as it goes into RCPT TO, and as policy compares it.</summary>
public readonly record struct Recipient(string Address, string Key);

/// <summary>The caller's key and the SHA-256 of (method, path, raw body).</summary>
public sealed record IdempotencyClaim(string Key, byte[] RequestHash);

/// <summary>What acceptance came to.</summary>
public abstract record AcceptanceResult
{
    /// <param name="MessageId">The winner's id: the caller's own, or that of the request it repeats.</param>
    /// <param name="Suppressed">Places of suppressed recipients, from 1.</param>
    /// <param name="Replayed">True where an earlier request with this key already stored the message.</param>
    public sealed record Accepted(Guid MessageId, IReadOnlySet<int> Suppressed, bool Replayed) : AcceptanceResult
    {
        /// <summary>By place (from 0), those that a limit lets wait; null where none does, and in a replay.</summary>
        public IReadOnlyList<DeliveryWait?>? Waits { get; init; }

        /// <summary>The cause of its hold; null where it is queued.</summary>
        public string? HeldFor { get; init; }
    }

    /// <summary>A limit has no room now: nothing was stored or counted (429; 451 4.7.1).</summary>
    public sealed record Throttled(AppliedLimit Limit, TimeSpan RetryAfter) : AcceptanceResult
    {
        public bool IsMonthQuota => Limit.Scope == AppliedLimit.Month;

        /// <summary>At least 1.</summary>
        public int RetryAfterSeconds => (int)Math.Clamp(Math.Ceiling(RetryAfter.TotalSeconds), 1, int.MaxValue);
    }

    /// <summary>The message counts as more than a limit can ever hold (422; 552 5.2.3).</summary>
    public sealed record TooLargeForLimit(AppliedLimit Limit, long Units) : AcceptanceResult;

    /// <summary>Not decided: a limit's past is being counted. The acceptor asks again and never answers this.</summary>
    internal sealed record Uncounted(Task<bool> Counting) : AcceptanceResult;

    /// <summary>The key was used for another request.</summary>
    public sealed record KeyReused : AcceptanceResult;

    /// <summary>The database refuses the content of this very message (SQLSTATE class 22 or 23).</summary>
    public sealed record Refused(string SqlState, string Reason) : AcceptanceResult;

    /// <summary>Our fault or our load: nothing is known to be stored, the caller shall come again.</summary>
    public sealed record Unavailable(string Reason) : AcceptanceResult;
}
