namespace Gateway.Api.Messages;

/// <summary>
/// A page of messages, newest first; <c>next</c> is null at the end, and only there: a page may hold fewer messages than
/// asked for, even none, where a filter has no index and enough was looked at.
/// </summary>
public sealed record MessagePage(IReadOnlyList<MessageItem> Items, string? Next);

/// <summary>A message as lists show it.</summary>
public sealed record MessageItem(
    Guid Id,
    Guid SubmissionId,
    string State,
    string From,
    string Subject,
    string Stream,
    IReadOnlyList<string> Tags,
    DateTimeOffset CreatedAt,
    IReadOnlyList<DeliveryItem> Deliveries
);

/// <param name="Path">The path that tried it last.</param>
/// <param name="Reply">What the last try was answered, word for word; only where it did not end well.</param>
public sealed record DeliveryItem(Guid Id, string To, string State, string? Cause, string? Path, string? Reply);

/// <summary>The state of a message is what its deliveries have in common.</summary>
internal static class MessageState
{
    public const string Mixed = "mixed";

    public static string Of(IEnumerable<string> deliveries)
    {
        string? common = null;
        foreach (var state in deliveries)
        {
            if (common is not null && common != state)
            {
                return Mixed;
            }

            common = state;
        }

        return common ?? Mixed;
    }
}
