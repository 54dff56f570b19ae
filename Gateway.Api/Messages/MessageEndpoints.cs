using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Cohorts;
using Gateway.Tenants;
using Microsoft.Net.Http.Headers;

namespace Gateway.Api.Messages;

internal static class MessageEndpoints
{
    public static void MapMessageReading(this IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/v1/messages").WithTags("Messages").RequireKey(Scope.Read);
        read.MapGet("", ListAsync)
            .Produces<MessagePage>(200, "application/json", "text/csv")
            .WithName("ListMessages")
            .WithDescription(
                "Newest first. A filter on path, tag, submission or a state in which most mail is looks at 50,000 rows a "
                    + "request: the page may then hold fewer than 'limit', even none, and 'next' goes on. Null in 'next' is the end. "
                    + "With a recipient, or a state or cause of what failed, nothing is looked at in vain."
            );
        read.MapGet("/{id}", GetAsync).Produces<MessageView>().WithName("GetMessage");

        var change = routes.MapGroup("/v1/messages").WithTags("Messages").RequireKey(Scope.Send);
        change.MapPost("/{id}/cancel", CancelAsync).Produces<ChangedMessage>().WithName("CancelMessage");
        change.MapPost("/{id}/release", ReleaseAsync).Produces<ChangedMessage>().WithName("ReleaseMessage");
        change.MapPost("/{id}/resend", ResendAsync).Produces<ChangedMessage>(202).WithName("ResendMessage");
    }

    private static async Task<IResult> ListAsync(HttpContext http, MessageList messages)
    {
        if (MessageFilter.Read(http.Request.Query, out var problem) is not { } filter)
        {
            return problem!.ToResult();
        }

        var isCsv = WantsCsv(http.Request);
        if (isCsv && !http.Request.Query.ContainsKey("limit"))
        {
            return await ExportAsync(http, messages, filter);
        }

        var page = await messages.ReadAsync(http.Caller().Tenant.Id, filter, http.RequestAborted);
        if (!isCsv)
        {
            return TypedResults.Json(page, ApiJson.Readable.MessagePage);
        }

        if (page.Next is not null)
        {
            // A CSV has no place for the cursor: RFC 8288.
            http.Response.Headers.Link = $"<{NextPage(http.Request, page.Next)}>; rel=\"next\"";
        }

        return TypedResults.Text(MessageCsv.Write(page.Items), "text/csv", System.Text.Encoding.UTF8);
    }

    /// <summary>
    /// All that the filter finds, page by page as it is read, newest first; where that is more than
    /// <see cref="MessageExport.Most"/> messages, or than can be looked at, the header says where the next export begins.
    /// </summary>
    private static async Task<IResult> ExportAsync(HttpContext http, MessageList messages, MessageFilter filter)
    {
        var tenant = http.Caller().Tenant.Id;
        var end = await messages.FindEndAsync(tenant, filter, MessageExport.Most, http.RequestAborted);
        if (end is { } least)
        {
            http.Response.Headers.Link = $"<{NextPage(http.Request, IdCursor.Write(least))}>; rel=\"next\"";
            filter = filter with { From = least };
        }

        return new MessageExport(messages, tenant, filter);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, MessageReader messages)
    {
        var message = LedgerIds.TryParse(id, out var known)
            ? await messages.ReadAsync(http.Caller().Tenant.Id, known, http.RequestAborted)
            : null;
        return message is null ? NoSuchMessage() : TypedResults.Json(message, ApiJson.Readable.MessageView);
    }

    /// <summary>
    /// 200 also where nothing was left to cancel: some are sent and some not is the normal case, and the same call again
    /// gives the same answer.
    /// </summary>
    private static Task<IResult> CancelAsync(string id, HttpContext http, MessageChanges changes) =>
        ChangeAsync(id, http, changes, Cancelling.As(AskerOf(http)), Changed);

    private static async Task<IResult> ReleaseAsync(string id, HttpContext http, MessageChanges changes) =>
        Suspended(http) ?? await ChangeAsync(id, http, changes, Releasing.As(AskerOf(http)), Released);

    private static async Task<IResult> ResendAsync(string id, HttpContext http, MessageChanges changes) =>
        Suspended(http) ?? await ChangeAsync(id, http, changes, Resending.As(AskerOf(http)), Resent);

    private static async Task<IResult> ChangeAsync(
        string id,
        HttpContext http,
        MessageChanges changes,
        Decide decide,
        Func<ChangedMessage, IResult> answer
    )
    {
        var query = new QueryFields(http.Request.Query);
        var only = query.Ids("delivery", QueryFields.MaxLimit);
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var changed = LedgerIds.TryParse(id, out var known)
            ? await changes.ApplyAsync(http.Caller().Tenant.Id, known, only, decide, http.RequestAborted)
            : null;
        return changed is null ? NoSuchMessage() : answer(changed);
    }

    private static Asker AskerOf(HttpContext http) =>
        VolumeRelease.AskerOf(http.Caller(), http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());

    private static IResult Changed(ChangedMessage message) =>
        TypedResults.Json(message, ApiJson.Readable.ChangedMessage);

    /// <summary>409 where all that is held is held by the platform: the wish cannot be fulfilled by asking again.</summary>
    private static IResult Released(ChangedMessage message) =>
        !message.Deliveries.Any(d => d.Released == true)
        && message.Deliveries.FirstOrDefault(d => d.Reason == ChangeReason.HeldByOperator) is { } held
            ? new ApiProblem(
                StatusCodes.Status409Conflict,
                ChangeReason.HeldByOperator,
                "This hold is not yours to release",
                $"Delivery {held.Id} is held ({held.Cause}): {ChangeReason.Explain(ChangeReason.HeldByOperator)}"
            ).ToResult()
            : Changed(message);

    /// <summary>409 where nothing could be sent again: unlike a cancellation, the wish is then not fulfilled.</summary>
    private static IResult Resent(ChangedMessage message)
    {
        if (message.Deliveries.Any(d => d.ResentAs is not null))
        {
            return TypedResults.Json(
                message,
                ApiJson.Readable.ChangedMessage,
                statusCode: StatusCodes.Status202Accepted
            );
        }

        var first = message.Deliveries[0];
        return new ApiProblem(
            StatusCodes.Status409Conflict,
            first.Reason!,
            "Nothing can be sent again",
            $"Delivery {first.Id} is {first.State}: {ChangeReason.Explain(first.Reason!)}"
        ).ToResult();
    }

    private static IResult? Suspended(HttpContext http) =>
        http.Caller().Tenant.Suspended
            ? new ApiProblem(
                StatusCodes.Status403Forbidden,
                "tenant_suspended",
                "Sending is suspended",
                "This account may read and cancel, but not send."
            ).ToResult()
            : null;

    /// <summary>One answer for unknown, malformed and another tenant's.</summary>
    private static IResult NoSuchMessage() => ApiProblem.NotFound("message").ToResult();

    private static bool WantsCsv(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept.OrderByDescending(a => a.Quality ?? 1);
        var first = accepted.FirstOrDefault(a =>
            a.Quality != 0 && (IsCsv(a) || a.MatchesMediaType("application/json"))
        );
        return first is not null && IsCsv(first);

        static bool IsCsv(MediaTypeHeaderValue type) =>
            type.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase);
    }

    private static string NextPage(HttpRequest request, string next)
    {
        var query = request.Query.Where(q => !q.Key.Equals("cursor", StringComparison.OrdinalIgnoreCase));
        return request.PathBase + request.Path + QueryString.Create(query.Append(new("cursor", next)));
    }
}
