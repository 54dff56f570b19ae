using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Mail.Addresses;
using Gateway.Suppressions;

namespace Gateway.Api.Suppressions;

/// <summary>Which suppressions, newest first.</summary>
/// <param name="Below">Ids below this one: the place in the list.</param>
/// <param name="From">Ids from this one on: made since.</param>
internal sealed record SuppressionFilter(
    Guid Below,
    Guid From,
    string? Address,
    string? Reason,
    string? Stream,
    int Limit
)
{
    public static SuppressionFilter? Read(IQueryCollection given, bool isWhole, out ApiProblem? problem)
    {
        var query = new QueryFields(given);
        var since = query.Time("since");
        var filter = new SuppressionFilter(
            isWhole ? LedgerIds.Highest : IdCursor.Read(query),
            since is { } time ? LedgerIds.From(time) : Guid.Empty,
            ReadAddress(query),
            query.OneOf("reason", SuppressionReason.All),
            query.OneOf("stream", SuppressionRules.Streams),
            isWhole ? SuppressionCsv.PageSize : query.Limit()
        );
        problem = query.Problem();
        return problem is null ? filter : null;
    }

    private static string? ReadAddress(QueryFields query)
    {
        if (query.Text("address") is not { } text)
        {
            return null;
        }

        if (EmailAddress.TryParse(text, out var address, out _))
        {
            return address.Key;
        }

        query.Refuse("address", text, WantedSuppression.AcceptedAddress);
        return null;
    }
}
