using Gateway.Database;
using Gateway.Tenants;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Api.Problems;

/// <summary>The one catch around a request: whatever ends it otherwise becomes a problem, and says whose fault it was.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, ContentLength: null, ContentType: null })
            {
                await DescribeAsync(http);
            }
        }
        catch (BadHttpRequestException problem) when (!http.Response.HasStarted)
        {
            await new ApiProblem(problem.StatusCode, "request_invalid", "The request cannot be read", problem.Message)
                .ToResult()
                .ExecuteAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (Exception problem) when (!http.Response.HasStarted && LedgerAway.Is(problem))
        {
            LedgerGone(log, http.Features.Get<Caller>()?.Tenant.Id, problem.Message);
            await ApiProblem.Unavailable("The ledger does not answer at this moment.").ToResult().ExecuteAsync(http);
        }
        catch (Exception problem) when (!http.Response.HasStarted)
        {
            Unexpected(log, LoggableError.Of(problem), http.Features.Get<Caller>()?.Tenant.Id);
            await new ApiProblem(
                StatusCodes.Status500InternalServerError,
                "internal",
                "Something is wrong on our side",
                "The error was recorded with this request's trace id."
            )
                .ToResult()
                .ExecuteAsync(http);
        }
    }

    /// <summary>An answer that the framework gave without a word.</summary>
    private static Task DescribeAsync(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ApiProblem.NotFound("endpoint").ToResult().ExecuteAsync(http),
            StatusCodes.Status405MethodNotAllowed => new ApiProblem(
                StatusCodes.Status405MethodNotAllowed,
                "method",
                "Not with this method",
                $"This address does not take {http.Request.Method}."
            )
            {
                Accepted = http.Response.Headers.Allow.ToString(),
            }
                .ToResult()
                .ExecuteAsync(http),
            StatusCodes.Status415UnsupportedMediaType => ApiProblem
                .MediaType(http.Request.ContentType, "application/json; message/rfc822 for composed mail")
                .ToResult()
                .ExecuteAsync(http),
            >= StatusCodes.Status400BadRequest and var status => new ApiProblem(
                status,
                "request_invalid",
                "The request cannot be read",
                $"{ReasonPhrases.GetReasonPhrase(status)}."
            )
                .ToResult()
                .ExecuteAsync(http),
            _ => Task.CompletedTask,
        };

    [LoggerMessage(1, LogLevel.Error, "A request of tenant {Tenant} ended in an error")]
    private static partial void Unexpected(ILogger log, Exception problem, Guid? tenant);

    [LoggerMessage(2, LogLevel.Warning, "The ledger is away for a request of tenant {Tenant}: {Problem}")]
    private static partial void LedgerGone(ILogger log, Guid? tenant, string problem);
}
