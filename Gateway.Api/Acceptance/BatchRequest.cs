using Gateway.Submissions;

namespace Gateway.Api.Acceptance;

/// <summary>The body of a batch as it is documented; it is cut into items by <see cref="BatchReader"/>, never read whole.</summary>
internal sealed record BatchRequest(IReadOnlyList<MessageRequest> Messages);
