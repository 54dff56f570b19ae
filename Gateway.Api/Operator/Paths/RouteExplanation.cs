using System.Globalization;
using Gateway.Api.Reading;
using Gateway.Mail.Addresses;
using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Api.Operator.Paths;

/// <summary>Where a message would go now and why each other path would not carry it: the worker's own function, asked.</summary>
internal static class RouteExplanation
{
    /// <summary>Neither standing traffic nor a share of probation: where most mail goes.</summary>
    private const int OrdinaryDraw = 500;

    public static async Task<IResult> ExplainAsync(
        HttpContext http,
        OperatorLedger ledger,
        PathLedger paths,
        TimeProvider clock
    )
    {
        var query = new QueryFields(http.Request.Query);
        var (tenant, from, to) = (query.Id("tenant"), query.Text("from"), query.Text("to"));
        var sender = ReadAddress(query, "from", from);
        var recipient = ReadAddress(query, "to", to);
        var question = new RouteQuery
        {
            Tenant = tenant ?? Guid.Empty,
            Mode = query.OneOf("mode", ["live", "test"]) ?? "live",
            Stream = query.OneOf("stream", ["transactional", "broadcast"]) ?? "transactional",
            FromAddress = sender?.ToString() ?? "",
            FromDomain = sender?.Domain ?? "",
            RecipientDomain = recipient?.Domain ?? "",
            Tags = query.Text("tag") is { } tag ? [tag] : [],
            Size = query.Number("size", 0, int.MaxValue, 0),
            Needs =
                (sender?.IsInternational == true || recipient?.IsInternational == true ? MailNeeds.Eai : MailNeeds.None)
                | (query.OneOf("needs", ["raw"]) is null ? MailNeeds.None : MailNeeds.Raw),
            Now = clock.GetUtcNow(),
        };
        var draw = query.Number("draw", 0, 999, OrdinaryDraw) / 1_000d;
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var open = await paths.OpenAsync();
        return await ledger.ReadAsync(
            async connection =>
            {
                var routing = PathLedger.Snapshot(
                    await PathLedger.ReadAsync(connection),
                    await PathLedger.ReadRoutesAsync(connection)
                );
                var plan = Router.Plan(routing, paths.Health(open), question, draw);
                return Results.Json(
                    new ExplainView(
                        plan.Rule,
                        [.. plan.Candidates.Select(c => new ExplainedPath(c.Path, c.Describe()))],
                        [.. plan.Rejected.Select(c => new ExplainedPath(c.Path, c.Describe()))]
                    ),
                    OperatorJson.Readable.ExplainView
                );
            },
            http.RequestAborted
        );
    }

    private static EmailAddress? ReadAddress(QueryFields query, string name, string? text)
    {
        if (text is not null && EmailAddress.TryParse(text, out var address, out _))
        {
            return address;
        }

        query.Refuse(name, text, "an address such as ann@example.com");
        return null;
    }
}
