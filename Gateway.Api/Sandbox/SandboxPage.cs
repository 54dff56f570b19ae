namespace Gateway.Api.Sandbox;

/// <summary>The sandbox's inbox, newest first.</summary>
public sealed record SandboxPage(IReadOnlyList<SandboxItem> Items, string? Next);

/// <param name="Id">The delivery's id.</param>
/// <param name="To">The envelope's recipient.</param>
/// <param name="From">As a reader sees it: the From field, decoded.</param>
public sealed record SandboxItem(
    Guid Id,
    Guid MessageId,
    string To,
    string From,
    string Subject,
    DateTimeOffset ReceivedAt
);
