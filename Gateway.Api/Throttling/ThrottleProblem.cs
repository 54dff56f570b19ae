using Gateway.Api.Acceptance;
using Gateway.Api.Problems;

namespace Gateway.Api.Throttling;

/// <summary>What a caller hears of a limit: which one, how much it holds, and what would be accepted.</summary>
internal static class ThrottleProblem
{
    public static ApiProblem Of(AcceptanceResult.Throttled throttled)
    {
        var (limit, seconds) = (throttled.Limit, throttled.RetryAfterSeconds);
        return limit.Scope == AppliedLimit.Month
            ? new(
                StatusCodes.Status429TooManyRequests,
                "quota_exceeded",
                "The month's quota is used up",
                $"This message would exceed {limit.Words}."
            )
            {
                Field = limit.Name,
                Value = $"{limit.Cap}",
                Accepted = "messages from the first day of the next month on (UTC), or under a larger plan",
                RetryAfter = seconds,
            }
            : new(
                StatusCodes.Status429TooManyRequests,
                "rate_limited",
                "A limit is reached",
                $"This message would exceed {limit.Words}."
            )
            {
                Field = limit.Name,
                Value = $"{limit.Cap}",
                Accepted = $"the same request in {seconds} s; at most {limit.Words}",
                RetryAfter = seconds,
            };
    }

    public static ApiProblem Of(AcceptanceResult.TooLargeForLimit refused) =>
        new(
            StatusCodes.Status422UnprocessableEntity,
            "above_limit",
            "The message is larger than a limit",
            $"It counts as {refused.Units} and can never fit into {refused.Limit.Words}."
        )
        {
            Field = "to",
            Value = $"{refused.Units}",
            Accepted = $"at most {refused.Limit.Cap} {refused.Limit.UnitName} at once ({refused.Limit.Name})",
        };
}
