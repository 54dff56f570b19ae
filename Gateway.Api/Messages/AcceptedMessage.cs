using System.Text.Json.Serialization;
using Gateway.Api.Acceptance;
using Gateway.Api.Problems;
using Gateway.Api.Throttling;
using Gateway.Ledger;

namespace Gateway.Api.Messages;

/// <summary>The answer 202: what was stored.</summary>
public sealed record AcceptedMessage(Guid Id, string State, IReadOnlyList<AcceptedDelivery> Deliveries)
{
    /// <summary>The same request gives the same answer, whether it was stored now or by an earlier try.</summary>
    public static AcceptedMessage Of(AcceptanceResult.Accepted result, Submission submission)
    {
        var recipients = submission.Recipients;
        var deliveries = new AcceptedDelivery[recipients.Count];
        var state = result.HeldFor is null ? DeliveryState.Queued : DeliveryState.Held;
        for (var place = 1; place <= deliveries.Length; place++)
        {
            deliveries[place - 1] = new AcceptedDelivery(
                LedgerId.Delivery(result.MessageId, place),
                recipients[place - 1].Address,
                result.Suppressed.Contains(place) ? DeliveryState.Suppressed : state
            )
            {
                Cause = result.Suppressed.Contains(place) ? null : result.HeldFor,
                EstimatedAt =
                    result.HeldFor is null && result.Waits?[place - 1] is { } wait && !result.Suppressed.Contains(place)
                        ? EstimatedAtOf(submission, wait)
                        : null,
            };
        }

        var isAllSuppressed = result.Suppressed.Count == deliveries.Length;
        return new AcceptedMessage(result.MessageId, isAllSuppressed ? DeliveryState.Suppressed : state, deliveries);
    }

    private static DateTimeOffset EstimatedAtOf(Submission submission, DeliveryWait wait) =>
        submission.AcceptedAt + wait.In is var turn && submission.SendAt > turn ? submission.SendAt.Value : turn;
}

public sealed record AcceptedDelivery(Guid Id, string To, string State)
{
    /// <summary>Why it is held; absent where it is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cause { get; init; }

    /// <summary>When its turn comes, where a limit lets it wait.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? EstimatedAt { get; init; }
}

/// <summary>One result for each item, in the order given.</summary>
public sealed record BatchAnswer(Guid SubmissionId, IReadOnlyList<BatchItem> Items);

public sealed record BatchItem(
    int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AcceptedMessage? Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ApiProblem? Problem
);
