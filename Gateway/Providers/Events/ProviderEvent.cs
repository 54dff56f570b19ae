using Gateway.Mail;
using Gateway.Mail.Bounces;

namespace Gateway.Providers.Events;

/// <summary>What a provider tells, in the words of normalized.md §6.</summary>
public enum ProviderNews
{
    Processed,
    Deferred,
    Delivered,

    /// <summary>It has given up; <see cref="ProviderEvent.Outcome"/> says whose fault it was.</summary>
    Failed,
    Complained,
    Opened,
    Clicked,
    Unsubscribed,

    /// <summary>About the account, and no mail: <see cref="ProviderEvent.Reply"/> says what.</summary>
    Account,

    /// <summary>SNS asks whether we want a topic's messages: <see cref="ProviderEvent.Reply"/> is the address to visit.</summary>
    Confirmation,
}

/// <summary>One event of a provider, the same for all of them.</summary>
public sealed record ProviderEvent
{
    public required ProviderNews News { get; init; }

    /// <summary>Our own ids as they came back; null where there are none: the mail is not ours.</summary>
    public Guid? DeliveryId { get; init; }
    public int? Attempt { get; init; }

    /// <summary>Equal for every copy of one event, whether pushed or fetched.</summary>
    public required string Name { get; init; }
    public required DateTimeOffset At { get; init; }
    public Outcome Outcome { get; init; }
    public OutcomeScope Scope { get; init; }
    public BounceClass Class { get; init; }

    /// <summary>The receiver's words, or the provider's where there are no others.</summary>
    public string? Reply { get; init; }
    public string? Status { get; init; }

    /// <summary>url, user_agent, machine, provider_list.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    public ProviderEvent With(Failure failure) =>
        this with
        {
            News = ProviderNews.Failed,
            Outcome = failure.Outcome,
            Scope = failure.Scope,
            Class = failure.Class,
            Facts = failure.ListedThere is { } list
                ? new Dictionary<string, string>(Facts) { ["provider_list"] = list }
                : Facts,
        };
}

/// <summary>Why a provider gave up.</summary>
/// <param name="ListedThere">The provider's own list that the address stands on: bounce, complaint, unsubscribe or invalid.</param>
public sealed record Failure(Outcome Outcome, OutcomeScope Scope, BounceClass Class, string? ListedThere = null)
{
    /// <summary>It never tried: the address is on a list of its own, which is no proof of ours.</summary>
    public static Failure Listed(string list) =>
        new(Outcome.RecipientPermanent, OutcomeScope.Account, BounceClass.Soft, list);

    public static Failure Soft { get; } = new(Outcome.RecipientTemporary, OutcomeScope.Recipient, BounceClass.Soft);

    public static Failure Content { get; } = new(Outcome.ContentRefused, OutcomeScope.Message, BounceClass.Block);

    public static Failure Message { get; } = new(Outcome.MessagePermanent, OutcomeScope.Message, BounceClass.Block);

    public static Failure Blocked { get; } = new(Outcome.PathBlocked, OutcomeScope.RemoteDomain, BounceClass.Block);

    public static Failure Hard { get; } = new(Outcome.RecipientPermanent, OutcomeScope.Recipient, BounceClass.Hard);

    public static Failure Unexplained { get; } = new(Outcome.Unknown, OutcomeScope.None, BounceClass.Unknown);

    /// <summary>By the receiver's words; by what the provider calls it where they say nothing.</summary>
    public static Failure Judge(string? reply, string? status, Failure called)
    {
        var read = FailureText.Judge(reply, status);
        return
            read.Class == BounceClass.Unknown
            // Words that are no proof by themselves are one where the provider, too, gave the address up.
            || (called.Class == BounceClass.Hard && read.Outcome == Outcome.RecipientPermanent)
            // "Refused" alone does not say for what; the provider does.
            || (called.Outcome == Outcome.ContentRefused && read.Class == BounceClass.Block)
            ? called
            : new Failure(read.Outcome, read.Scope, read.Class);
    }
}
