using System.Diagnostics;
using System.Text.Json;
using Gateway.Api.Auth;
using Gateway.Api.Messages;
using Gateway.Api.Problems;
using Gateway.Api.Telemetry;
using Gateway.Ledger;
using Gateway.Submissions;
using Gateway.Tenants;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Api.Acceptance;

/// <summary>The doors for sending: one message as JSON, many of them, or one as it shall go out.</summary>
internal static class SendEndpoints
{
    public static void MapSending(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/messages")
            .RequireKey(Scope.Send)
            .WithTags("Messages")
            .DescribeProblems(400, 413, 415, 429)
            .AddOpenApiOperationTransformer(IdempotencyHeader.Describe);
        group
            .MapPost("", SendAsync)
            .AddEndpointFilter(new DoorFilter("json"))
            .Accepts<MessageRequest>("application/json")
            .Produces<AcceptedMessage>(StatusCodes.Status202Accepted)
            .WithSummary("Send one message")
            .WithDescription(
                "Answers 202 once the message is stored. Repeat it with the same Idempotency-Key after 503."
            );
        group
            .MapPost("/batch", SendBatchAsync)
            .AddEndpointFilter(new DoorFilter("json", carriesMany: true))
            .Accepts<BatchRequest>("application/json")
            .Produces<BatchAnswer>()
            .WithSummary("Send independent messages, one result each")
            .WithDescription(
                $"1 to {MessageLimits.BatchItems} messages. Each item has its own status and message or problem, in the "
                    + "order given; one that is refused keeps none of the others back. The Idempotency-Key of the item at "
                    + "place i (from 0) is KEY/i."
            );
        group
            .MapPost("/raw", SendRawAsync)
            .AddEndpointFilter(new DoorFilter("raw"))
            .Accepts<string>("message/rfc822")
            .Produces<AcceptedMessage>(StatusCodes.Status202Accepted)
            .WithSummary("Send a message as it is (message/rfc822)")
            .WithDescription(
                "The body is kept byte for byte; lines end in CRLF, or all of them in LF. Recipients are the repeated rcpt "
                    + "or, without any, those of To, Cc and Bcc. Bcc is never sent."
            );
    }

    private static async Task<IResult> SendAsync(HttpContext http, SubmissionFactory factory, MessageAcceptor acceptor)
    {
        var (key, keyProblem) = IdempotencyHeader.Read(http.Request);
        if (keyProblem is not null)
        {
            return keyProblem.ToResult();
        }

        var (body, bodyProblem) = await RequestBody.ReadAsync(http, "application/json");
        if (body is null)
        {
            return bodyProblem!.ToResult();
        }

        var claim = key is null ? null : new IdempotencyClaim(key, IdempotencyHeader.Hash(http.Request, body));
        var arrival = new Arrival(http.Caller(), Activity.Current?.Id, Idempotency: claim);
        var (submission, problem) = await factory.FromJsonAsync(body, arrival);
        return (problem ?? SendingState.WhyNot(arrival.Caller, submission!)) is { } refused
            ? refused.ToResult()
            : await AcceptAsync(submission!, acceptor);
    }

    private static async Task<IResult> SendRawAsync(
        HttpContext http,
        [FromQuery] string[]? rcpt,
        [FromQuery] string? stream,
        SubmissionFactory factory,
        MessageAcceptor acceptor
    )
    {
        var (key, keyProblem) = IdempotencyHeader.Read(http.Request);
        if (keyProblem is not null)
        {
            return keyProblem.ToResult();
        }

        if (stream is not (null or "transactional" or "broadcast"))
        {
            return ApiProblem
                .Invalid(FieldError.Of("not_accepted", "stream", stream, "transactional or broadcast"))
                .ToResult();
        }

        var (body, bodyProblem) = await RequestBody.ReadAsync(http, "message/rfc822");
        if (body is null)
        {
            return bodyProblem!.ToResult();
        }

        var claim = key is null ? null : new IdempotencyClaim(key, IdempotencyHeader.Hash(http.Request, body));
        var arrival = new Arrival(http.Caller(), Activity.Current?.Id, Idempotency: claim);
        var (submission, problem) = await factory.FromRawAsync(body, rcpt ?? [], stream ?? "transactional", arrival);
        return (problem ?? SendingState.WhyNot(arrival.Caller, submission!)) is { } refused
            ? refused.ToResult()
            : await AcceptAsync(submission!, acceptor);
    }

    internal static async Task<IResult> AcceptAsync(Submission submission, MessageAcceptor acceptor)
    {
        var (status, accepted, problem) = Answer.Of(submission, await acceptor.AcceptAsync(submission));
        return accepted is null
            ? problem!.ToResult()
            : Results.Json(accepted, ApiJson.Readable.AcceptedMessage, statusCode: status);
    }

    private static async Task<IResult> SendBatchAsync(
        HttpContext http,
        SubmissionFactory factory,
        MessageAcceptor acceptor,
        TimeProvider clock
    )
    {
        var (key, keyProblem) = IdempotencyHeader.Read(http.Request);
        if (keyProblem is not null)
        {
            return keyProblem.ToResult();
        }

        var (body, bodyProblem) = await RequestBody.ReadAsync(http, "application/json");
        if (body is null)
        {
            return bodyProblem!.ToResult();
        }

        List<byte[]> items;
        try
        {
            items = BatchReader.Split(body);
        }
        catch (JsonException problem)
        {
            return JsonProblems.Of(problem).ToResult();
        }

        if (items.Count is 0 or > MessageLimits.BatchItems)
        {
            return ApiProblem
                .Invalid(
                    FieldError.Of(
                        "out_of_range",
                        "messages",
                        $"{items.Count}",
                        $"1 to {MessageLimits.BatchItems} messages"
                    )
                )
                .ToResult();
        }

        var arrival = new Arrival(http.Caller(), null, LedgerId.NewMessage(clock.GetUtcNow()));
        var results = await Task.WhenAll(
            items.Select(
                (item, index) =>
                {
                    // Each item is a request of its own: retried together, answered one by one.
                    var claim = key is null
                        ? null
                        : new IdempotencyClaim($"{key}/{index}", IdempotencyHeader.Hash(http.Request, item));
                    return AcceptItemAsync(item, arrival with { Idempotency = claim }, factory, acceptor);
                }
            )
        );
        return Results.Json(new BatchAnswer(arrival.SubmissionId!.Value, results), ApiJson.Readable.BatchAnswer);
    }

    private static async Task<BatchItem> AcceptItemAsync(
        byte[] item,
        Arrival arrival,
        SubmissionFactory factory,
        MessageAcceptor acceptor
    )
    {
        using var span = DoorTelemetry.StartAccept("json");
        var (submission, refused) = await factory.FromJsonAsync(
            item,
            arrival with
            {
                TraceParent = Activity.Current?.Id,
            }
        );
        refused ??= SendingState.WhyNot(arrival.Caller, submission!);
        var (status, accepted, problem) = refused is not null
            ? (refused.Status, null, refused)
            : Answer.Of(submission!, await acceptor.AcceptAsync(submission!));
        if (problem is not null)
        {
            DoorTelemetry.CountRefused("json", problem);
        }

        return new BatchItem(status, accepted, problem);
    }
}
