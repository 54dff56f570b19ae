using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Tenants;

namespace Gateway.Api.Events;

internal static class EventEndpoints
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(250);

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.MapGroup("/v1/events").WithTags("Events").RequireKey(Scope.Read);
        events.MapGet("", ReadAsync).Produces<EventPage>().WithName("ListEvents");
    }

    private static async Task<IResult> ReadAsync(
        HttpContext http,
        EventFeed feed,
        WaitingRoom room,
        TimeProvider clock,
        IHostApplicationLifetime host
    )
    {
        if (EventQuery.Read(http.Request.Query, out var problem) is not { } query)
        {
            return problem!.ToResult();
        }

        // A stopping host does not keep its readers: what is there is answered, and they go on elsewhere.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, host.ApplicationStopping);
        var tenant = http.Caller().Tenant.Id;
        var since = clock.GetTimestamp();
        var waits = query.Wait > TimeSpan.Zero && room.TryEnter(tenant);
        try
        {
            while (true)
            {
                if (await feed.ReadAsync(tenant, query, http.RequestAborted) is not var (items, next, mayHaveMore))
                {
                    return CursorLost();
                }

                if (
                    items.Count > 0
                    || !waits
                    || stop.IsCancellationRequested
                    || clock.GetElapsedTime(since) >= query.Wait
                )
                {
                    return TypedResults.Json(new EventPage(items, next.ToString()), ApiJson.Readable.EventPage);
                }

                query = query with { After = next };
                if (!mayHaveMore)
                {
                    await Task.Delay(LookAgainAfter, clock, stop.Token)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        finally
        {
            if (waits)
            {
                room.Leave(tenant);
            }
        }
    }

    private static IResult CursorLost() =>
        new ApiProblem(
            StatusCodes.Status410Gone,
            "cursor_lost",
            "The cursor's place is gone",
            "The ledger was restored and does not hold the event that was read last. Begin again without cursor, or with cursor=now."
        )
        {
            Field = "cursor",
            Accepted = EventCursor.Accepted,
        }.ToResult();
}
