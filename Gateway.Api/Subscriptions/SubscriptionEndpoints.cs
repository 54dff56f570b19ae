using Gateway.Api.Auth;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Subscriptions;
using Gateway.Tenants;

namespace Gateway.Api.Subscriptions;

/// <summary>Webhooks: whom to tell what, and what came of it.</summary>
internal static class SubscriptionEndpoints
{
    private const int MostOverlapHours = 168;

    public static void MapSubscriptions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/subscriptions").WithTags("Webhooks").RequireKey(Scope.Manage);
        group
            .MapGet("", ListAsync)
            .Produces<SubscriptionPage>()
            .WithName("ListSubscriptions")
            .WithSummary("List the webhooks, newest first");
        group
            .MapPost("", CreateAsync)
            .Accepts<SubscriptionRequest>("application/json")
            .Produces<SubscriptionView>(StatusCodes.Status201Created)
            .DescribeProblems(400, 409, 413, 415)
            .WithName("CreateSubscription")
            .WithSummary("Make a webhook; the signing secret is in this answer and nowhere else")
            .WithDescription(Describe());
        group.MapGet("/{id}", GetAsync).Produces<SubscriptionView>().WithName("GetSubscription");
        group
            .MapPatch("/{id}", ChangeAsync)
            .Accepts<SubscriptionPatch>("application/json")
            .Produces<SubscriptionView>()
            .DescribeProblems(400, 413, 415)
            .WithName("ChangeSubscription")
            .WithSummary("Change URL, types or description; pause and resume")
            .WithDescription(
                "A paused or disabled webhook keeps its place for 30 days: with state active it goes on there. What is absent stays."
            );
        group
            .MapDelete("/{id}", RemoveAsync)
            .Produces(StatusCodes.Status204NoContent)
            .WithName("DeleteSubscription")
            .WithSummary("Delete it with all that waits for it");
        group
            .MapPost("/{id}/rotate", RotateAsync)
            .Accepts<SecretRotation>(isOptional: true, "application/json")
            .Produces<SubscriptionView>()
            .DescribeProblems(400, 409, 413, 415)
            .WithName("RotateSubscriptionSecret")
            .WithSummary("Make a new signing secret; both sign until the overlap ends");
        group
            .MapPost("/{id}/test", TestAsync)
            .Produces<TestView>()
            .Produces<TestView>(StatusCodes.Status202Accepted)
            .DescribeProblems(409)
            .WithName("TestSubscription")
            .WithSummary(
                $"Send one {EventType.SubscriptionTest} event now, also to a paused webhook; never tried again"
            );
        group
            .MapPost("/{id}/replay", ReplayAsync)
            .Accepts<ReplayRequest>("application/json")
            .Produces<ReplayView>(StatusCodes.Status202Accepted)
            .DescribeProblems(400, 409, 413, 415)
            .WithName("ReplaySubscription")
            .WithSummary("Send events of the last 30 days again: some by id, or all of a window")
            .WithDescription(
                "Each keeps its webhook-id. A window is in the time at which the ledger took the events, widened to whole minutes."
            );
        group
            .MapGet("/{id}/replays", ListReplaysAsync)
            .Produces<ReplayPage>()
            .WithName("ListSubscriptionReplays")
            .WithSummary("How far the replays of windows are, newest first");
        group
            .MapGet("/{id}/deliveries", ListTriesAsync)
            .Produces<TryPage>()
            .WithName("ListSubscriptionDeliveries")
            .WithSummary("Every try of the last 30 days with its answer, newest first; filters result and event");
    }

    private static string Describe() =>
        "Requests are signed by Standard Webhooks 1.0. types are some of "
        + string.Join(", ", EventType.All.Select(t => t.Name))
        + "; or a group such as domain.*";

    private static async Task<IResult> ListAsync(HttpContext http, SubscriptionBook book)
    {
        var query = new QueryFields(http.Request.Query);
        var (limit, below) = (query.Limit(), IdCursor.Read(query));
        return query.Problem() is { } problem
            ? problem.ToResult()
            : TypedResults.Json(
                await book.ListAsync(http.Caller().Tenant.Id, below, limit, http.RequestAborted),
                SubscriptionJson.Readable.SubscriptionPage
            );
    }

    private static async Task<IResult> CreateAsync(HttpContext http, SubscriptionBook book, WebhookTargets targets)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var wish = await SubscriptionWish.ReadAsync(fields, targets, isNew: true, http.RequestAborted);
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        if (await book.CreateAsync(http.Caller(), wish, http.RequestAborted) is not { } made)
        {
            var most = SubscriptionBook.MostSubscriptions;
            return Conflict("too_many_subscriptions", $"An account has at most {most} webhooks.", $"at most {most}");
        }

        http.Response.Headers.Location = $"/v1/subscriptions/{made.Id:D}";
        return Show(made, StatusCodes.Status201Created);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, SubscriptionBook book) =>
        await FindAsync(id, http, book) is { } found ? Show(found) : NoSuchSubscription();

    private static async Task<IResult> ChangeAsync(
        string id,
        HttpContext http,
        SubscriptionBook book,
        WebhookTargets targets
    )
    {
        if (await FindAsync(id, http, book) is not { } found)
        {
            return NoSuchSubscription();
        }

        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var wish = await SubscriptionWish.ReadAsync(fields, targets, isNew: false, http.RequestAborted);
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await book.ChangeAsync(http.Caller(), found.Id, wish, http.RequestAborted) is { } after
            ? Show(after)
            : NoSuchSubscription();
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext http, SubscriptionBook book) =>
        LedgerIds.TryParse(id, out var known) && await book.RemoveAsync(http.Caller(), known, http.RequestAborted)
            ? TypedResults.NoContent()
            : NoSuchSubscription();

    private static async Task<IResult> RotateAsync(string id, HttpContext http, SubscriptionBook book)
    {
        if (await FindAsync(id, http, book) is not { } found)
        {
            return NoSuchSubscription();
        }

        var (fields, problem) = await ManageBody.ReadAsync(http, optional: true);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var hours = fields.Number("overlap_hours", 0, MostOverlapHours) ?? 24;
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await book.RotateAsync(http.Caller(), found.Id, TimeSpan.FromHours(hours), http.RequestAborted) switch
        {
            null => NoSuchSubscription(),
            (_, true) => Conflict(
                "too_many_secrets",
                $"{SubscriptionBook.MostSecrets} secrets sign already; wait until one ends (former_secrets_until), or end them all with overlap_hours 0.",
                $"at most {SubscriptionBook.MostSecrets} secrets at once"
            ),
            var (after, _) => Show(after),
        };
    }

    private static async Task<IResult> TestAsync(string id, HttpContext http, SubscriptionBook book, TestSends tests)
    {
        if (await FindAsync(id, http, book) is not { } found)
        {
            return NoSuchSubscription();
        }

        var test = await tests.SendAsync(http.Caller().Tenant.Id, found.Id, http.RequestAborted);
        return test is null
            ? Conflict(
                "too_many_tests",
                "Tests wait already; see the deliveries.",
                $"at most {TestSends.MostWaiting} tests that wait"
            )
            : TypedResults.Json(
                test,
                SubscriptionJson.Readable.TestView,
                statusCode: test.Delivery is null ? StatusCodes.Status202Accepted : StatusCodes.Status200OK
            );
    }

    private static async Task<IResult> ReplayAsync(
        string id,
        HttpContext http,
        SubscriptionBook book,
        Replays replays,
        TimeProvider clock
    )
    {
        if (await FindAsync(id, http, book) is not { } found)
        {
            return NoSuchSubscription();
        }

        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var wish = ReplayWish.Read(fields, clock.GetUtcNow());
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        if (wish.Events is { } ids)
        {
            var queued = await replays.QueueAsync(http.Caller(), found.Id, ids, http.RequestAborted);
            return ids.Except(queued).ToList() is [var missing, ..]
                ? Conflict(
                    "event_not_known",
                    $"{ids.Count - queued.Count} of the events were never tried here within 30 days; the others are in line. Replay a window instead.",
                    "ids of events in this webhook's deliveries",
                    missing.ToString()
                )
                : Show(new ReplayView(null, null, null, "running", queued.Count, clock.GetUtcNow(), null));
        }

        return await replays.BeginAsync(http.Caller().Tenant.Id, found.Id, wish, http.RequestAborted) is { } begun
            ? Show(begun)
            : Conflict(
                "too_many_replays",
                "Replays of this webhook are running; wait until one is done.",
                $"at most {Replays.MostRunning} at once"
            );
    }

    private static async Task<IResult> ListReplaysAsync(
        string id,
        HttpContext http,
        SubscriptionBook book,
        Replays replays
    ) =>
        await FindAsync(id, http, book) is { } found
            ? TypedResults.Json(
                await replays.ListAsync(http.Caller().Tenant.Id, found.Id, http.RequestAborted),
                SubscriptionJson.Readable.ReplayPage
            )
            : NoSuchSubscription();

    private static async Task<IResult> ListTriesAsync(string id, HttpContext http, SubscriptionBook book, TryLog log)
    {
        if (await FindAsync(id, http, book) is not { } found)
        {
            return NoSuchSubscription();
        }

        var fields = new QueryFields(http.Request.Query);
        var query = new TryQuery(
            IdCursor.Read(fields),
            fields.Limit(),
            fields.OneOf("result", TryLog.Results),
            fields.Id("event")
        );
        return fields.Problem() is { } problem
            ? problem.ToResult()
            : TypedResults.Json(
                await log.ListAsync(http.Caller().Tenant.Id, found.Id, query, http.RequestAborted),
                SubscriptionJson.Readable.TryPage
            );
    }

    private static async Task<SubscriptionView?> FindAsync(string id, HttpContext http, SubscriptionBook book) =>
        LedgerIds.TryParse(id, out var known)
            ? await book.FindAsync(http.Caller().Tenant.Id, known, http.RequestAborted)
            : null;

    private static IResult Show(SubscriptionView view, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(view, SubscriptionJson.Readable.SubscriptionView, statusCode: status);

    private static IResult Show(ReplayView view) =>
        TypedResults.Json(view, SubscriptionJson.Readable.ReplayView, statusCode: StatusCodes.Status202Accepted);

    private static IResult Conflict(string code, string detail, string accepted, string? value = null) =>
        new ApiProblem(StatusCodes.Status409Conflict, code, "Not at this moment", detail)
        {
            Accepted = accepted,
            Value = value,
        }.ToResult();

    /// <summary>One answer for unknown, malformed and another tenant's.</summary>
    private static IResult NoSuchSubscription() => ApiProblem.NotFound("subscription").ToResult();
}
