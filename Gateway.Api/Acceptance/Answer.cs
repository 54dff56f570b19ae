using Gateway.Api.Messages;
using Gateway.Api.Problems;
using Gateway.Api.Throttling;

namespace Gateway.Api.Acceptance;

/// <summary>What the caller hears of an acceptance.</summary>
internal static class Answer
{
    public static (int Status, AcceptedMessage? Accepted, ApiProblem? Problem) Of(
        Submission submission,
        AcceptanceResult result
    )
    {
        if (result is AcceptanceResult.Accepted accepted)
        {
            return (StatusCodes.Status202Accepted, AcceptedMessage.Of(accepted, submission), null);
        }

        var problem = result switch
        {
            AcceptanceResult.KeyReused => new ApiProblem(
                StatusCodes.Status422UnprocessableEntity,
                "idempotency_key_reused",
                "This key belongs to another request",
                "The Idempotency-Key was used within 24 hours for a request with another body."
            )
            {
                Field = IdempotencyHeader.Name,
                Value = submission.Idempotency!.Key,
                Accepted = "a new key for a new request, or the same body for the same key",
            },
            AcceptanceResult.Refused refused => new ApiProblem(
                StatusCodes.Status422UnprocessableEntity,
                "not_storable",
                "The request cannot be stored",
                refused.Reason
            ),
            AcceptanceResult.Throttled throttled => ThrottleProblem.Of(throttled),
            AcceptanceResult.TooLargeForLimit tooLarge => ThrottleProblem.Of(tooLarge),
            AcceptanceResult.Unavailable => ApiProblem.Unavailable(
                "The message could not be stored now; nothing of it is known to be."
            ),
            _ => throw new InvalidOperationException($"no answer for {result.GetType().Name}"),
        };
        return (problem.Status, null, problem);
    }
}
