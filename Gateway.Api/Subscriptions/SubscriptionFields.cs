using Gateway.Api.Manage;
using Gateway.Ledger;
using Gateway.Net;
using Gateway.Subscriptions;

namespace Gateway.Api.Subscriptions;

/// <summary>What a tenant says of a subscription. What is null was not said.</summary>
internal sealed record SubscriptionWish(
    string? Url,
    IReadOnlyList<string>? Types,
    bool SaysDescription,
    string? Description,
    string? State
)
{
    private const int MostTypes = 50;
    private const int LongestDescription = 200;
    private static readonly string[] States = ["active", "paused"];

    private static string AcceptedTypes =>
        "types of events: " + string.Join(", ", EventType.All.Select(t => t.Name)) + "; or domain.* and the like";

    /// <summary>Reads the body; what is wrong is in the fields' problem, that of the URL included.</summary>
    public static async Task<SubscriptionWish> ReadAsync(
        BodyFields fields,
        WebhookTargets targets,
        bool isNew,
        CancellationToken cancel
    )
    {
        var url = fields.Text("url", GuardedUrl.LongestUrl, required: isNew);
        if (url is not null && await targets.ProblemAsync(url, cancel) is { } problem)
        {
            fields.Refuse("url", url, $"{targets.Accepted}; {problem}");
        }

        var types = fields.Texts("types", MostTypes, AcceptedTypes);
        foreach (var (at, type) in (types ?? []).Index())
        {
            if (!EventType.IsFilter(type))
            {
                fields.Refuse($"types[{at}]", type, AcceptedTypes);
            }
        }

        if (fields.Has("types") && types is null)
        {
            types = [];
        }

        var says = fields.Has("description");
        var description = fields.Text("description", LongestDescription);
        return new(url, types, says, description, isNew ? null : fields.OneOf("state", States));
    }
}
