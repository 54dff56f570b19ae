using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Api.Subscriptions;

/// <summary>A webhook of the tenant.</summary>
/// <param name="Types">Empty: every type.</param>
/// <param name="State">active, paused or disabled.</param>
/// <param name="Reason">Why it is disabled: gone (it answered 410) or failing (for five days).</param>
/// <param name="StoppedAt">Since when it is paused or disabled; its place is kept for 30 days.</param>
/// <param name="FailingSince">Set while no try succeeds.</param>
/// <param name="RestsUntil">Until then new events wait, since too many tries failed in a row.</param>
/// <param name="Waiting">Events that wait for another try.</param>
/// <param name="FormerSecretsUntil">Secrets that were replaced and still sign.</param>
public sealed record SubscriptionView(
    Guid Id,
    string Url,
    string? Description,
    IReadOnlyList<string> Types,
    string State,
    string? Reason,
    DateTimeOffset? StoppedAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    DateTimeOffset? LastDeliveredAt,
    DateTimeOffset? LastFailedAt,
    DateTimeOffset? FailingSince,
    DateTimeOffset? RestsUntil,
    int Waiting,
    IReadOnlyList<DateTimeOffset> FormerSecretsUntil
)
{
    /// <summary>The signing secret: shown in the answer that made it, and never again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }
}

/// <summary>Newest first; <c>next</c> is null on the last page.</summary>
public sealed record SubscriptionPage(IReadOnlyList<SubscriptionView> Items, string? Next);

/// <summary>What is said of a new subscription.</summary>
/// <param name="Url">https, of a public host.</param>
/// <param name="Types">Types of events, or <c>domain.*</c> for all that begin so; absent or empty is every type.</param>
/// <param name="Description">For people; at most 200 characters.</param>
public sealed record SubscriptionRequest(string Url, IReadOnlyList<string>? Types, string? Description);

/// <summary>What is to change; what is absent stays.</summary>
/// <param name="State">active or paused; active resumes a disabled one too.</param>
public sealed record SubscriptionPatch(string? Url, IReadOnlyList<string>? Types, string? Description, string? State);

/// <param name="OverlapHours">How long the present secret goes on signing beside the new one: 24 by default, 0 to 168.</param>
public sealed record SecretRotation(int? OverlapHours);

/// <summary>What to send again: either events by their ids, or a window.</summary>
/// <param name="Events">At most 100 ids of events that were tried at this subscription within 30 days (<c>webhook-id</c>).</param>
/// <param name="Since">The window's begin, at most 30 days ago.</param>
/// <param name="Until">Its end; absent is now.</param>
public sealed record ReplayRequest(IReadOnlyList<string>? Events, DateTimeOffset? Since, DateTimeOffset? Until);

/// <summary>A replay that was taken up.</summary>
/// <param name="Id">Of a window; null where events were named.</param>
/// <param name="State">running or done.</param>
/// <param name="Queued">Events that were put in line again so far.</param>
public sealed record ReplayView(
    Guid? Id,
    DateTimeOffset? Since,
    DateTimeOffset? Until,
    string State,
    long Queued,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt
);

/// <summary>The newest replays of windows, at most 50.</summary>
public sealed record ReplayPage(IReadOnlyList<ReplayView> Items, string? Next);

/// <summary>One try to deliver one event.</summary>
/// <param name="Kind">event (the first try), retry, replay or test.</param>
/// <param name="Result">delivered, failed (tried again at <paramref name="NextAt"/>), exhausted, aborted or gone.</param>
/// <param name="Status">The answer's; null where there was none.</param>
/// <param name="Error">Why there was no answer, or none that counts.</param>
/// <param name="Response">The first 1,024 bytes of the answer's body.</param>
public sealed record TryView(
    Guid Id,
    Guid EventId,
    string Type,
    string Kind,
    int Attempt,
    string Result,
    int? Status,
    string? Error,
    string? Response,
    DateTimeOffset At,
    int TookMs,
    DateTimeOffset? NextAt
);

/// <summary>Newest first; <c>next</c> is null on the last page.</summary>
public sealed record TryPage(IReadOnlyList<TryView> Items, string? Next);

/// <summary>A test event that was sent.</summary>
/// <param name="State">done, or waiting where the answer was not there within five seconds: look at the deliveries.</param>
/// <param name="Delivery">What came of it.</param>
public sealed record TestView(Guid EventId, string State, TryView? Delivery);

/// <summary>What subscriptions answer; names in snake case, text as it is.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SubscriptionView))]
[JsonSerializable(typeof(SubscriptionPage))]
[JsonSerializable(typeof(ReplayView))]
[JsonSerializable(typeof(ReplayPage))]
[JsonSerializable(typeof(TryPage))]
[JsonSerializable(typeof(TestView))]
internal sealed partial class SubscriptionJson : JsonSerializerContext
{
    public static SubscriptionJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
