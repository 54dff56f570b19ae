using System.Text.Json;

namespace Gateway.Api.Messages;

/// <summary>Everything the ledger holds about a message, but its content.</summary>
/// <param name="Size">Bytes, as given.</param>
public sealed record MessageView(
    Guid Id,
    Guid SubmissionId,
    string State,
    string From,
    string Subject,
    string Stream,
    string Mode,
    IReadOnlyList<string> Tags,
    JsonElement? Metadata,
    int Size,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SendAt,
    DateTimeOffset? Deadline,
    IReadOnlyList<DeliveryView> Deliveries,
    IReadOnlyList<MessageEventView> Events
);

/// <param name="WaitingFor">What it waits for before it is tried again.</param>
/// <param name="ResendOf">The delivery that this one repeats.</param>
public sealed record DeliveryView(
    Guid Id,
    string To,
    string State,
    string? Cause,
    string? Path,
    string? WaitingFor,
    DateTimeOffset? NextAttemptAt,
    Guid? ResendOf,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? EndedAt,
    IReadOnlyList<AttemptView> Attempts
)
{
    /// <summary>When its turn comes, while a limit lets it wait.</summary>
    public DateTimeOffset? EstimatedAt =>
        WaitingFor?.StartsWith("limit:", StringComparison.Ordinal) == true ? NextAttemptAt : null;
}

/// <param name="Outcome">Null while it is not known.</param>
/// <param name="Reply">The next hop's whole reply.</param>
/// <param name="Late">The result came after the attempt had been given up.</param>
public sealed record AttemptView(
    int Number,
    string Path,
    DateTimeOffset BegunAt,
    DateTimeOffset? EndedAt,
    string? Outcome,
    string? Scope,
    string? Phase,
    string? Reply,
    bool Late
);

/// <param name="State">The state that it left the delivery in; null where it changed none.</param>
/// <param name="Sequence">Counts the events of one delivery from 1.</param>
public sealed record MessageEventView(
    Guid Id,
    string Type,
    string? State,
    DateTimeOffset At,
    int? Sequence,
    Guid? DeliveryId,
    JsonElement? Data
);
