using Gateway.Api.Problems;
using Gateway.Api.Telemetry;

namespace Gateway.Api.Operator;

/// <summary>Lets a request pass with the operator's token.</summary>
internal sealed class OperatorFilter(OperatorToken token, WrongTokens wrong) : IEndpointFilter
{
    private const string Scheme = "Bearer ";

    /// <summary>Longer than any token; what is longer is not hashed.</summary>
    private const int Longest = 512;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var header = http.Request.Headers.Authorization.ToString();
        if (
            header.Length <= Longest
            && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && token.Is(header[Scheme.Length..].Trim())
        )
        {
            return await next(context);
        }

        DoorTelemetry.CountNotLetIn("operator");
        if (wrong.Add(http.Connection.RemoteIpAddress) is { } wait)
        {
            return new ApiProblem(
                StatusCodes.Status429TooManyRequests,
                "too_many_failures",
                "Come again later",
                $"More than {WrongTokens.Allowed} requests from this address had no valid token within a minute."
            )
            {
                RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)),
            }.ToResult();
        }

        return new ApiProblem(
            StatusCodes.Status401Unauthorized,
            "operator_token_wrong",
            "No valid operator token",
            "Send the operator's token as 'Authorization: Bearer …'; an API key does not open this door."
        )
        {
            Field = "Authorization",
            Accepted = "Bearer and the token of Gateway:OperatorTokenFile",
        }.ToResult();
    }
}
