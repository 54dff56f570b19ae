using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Tenants;
using Microsoft.Net.Http.Headers;

namespace Gateway.Api.Messages;

internal static class MessageEndpoints
{
    public static void MapMessageReading(this IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/v1/messages").WithTags("Messages").RequireKey(Scope.Read);
        read.MapGet("", ListAsync).Produces<MessagePage>(200, "application/json", "text/csv").WithName("ListMessages");
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

        var page = await messages.ReadAsync(http.Caller().Tenant.Id, filter, http.RequestAborted);
        if (!WantsCsv(http.Request))
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
        ChangeAsync(id, http, changes, Cancelling.Decide, Changed);

    private static async Task<IResult> ReleaseAsync(string id, HttpContext http, MessageChanges changes) =>
        Suspended(http)
        ?? await ChangeAsync(id, http, changes, VolumeRelease.Guard(http.Caller(), Releasing.Decide), Changed);

    private static async Task<IResult> ResendAsync(string id, HttpContext http, MessageChanges changes) =>
        Suspended(http)
        ?? await ChangeAsync(id, http, changes, VolumeRelease.Guard(http.Caller(), Resending.Decide), Resent);

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

    private static IResult Changed(ChangedMessage message) =>
        TypedResults.Json(message, ApiJson.Readable.ChangedMessage);

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
