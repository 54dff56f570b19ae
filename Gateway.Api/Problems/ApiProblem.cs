using System.Text.Json.Serialization;
using Gateway.Submissions;

namespace Gateway.Api.Problems;

/// <summary>
/// An RFC 9457 problem: a stable code, and where a field is to blame, its name, what it held and what would be accepted.
/// The first error stands at the top; all of them are in <c>errors</c>.
/// </summary>
public sealed record ApiProblem(int Status, string Code, string Title, string Detail)
{
    public string Type => $"urn:email-gateway:problem:{Code}";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Field { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Accepted { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldError>? Errors { get; init; }

    /// <summary>Seconds; with 429 and 503 it is also the Retry-After header.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? RetryAfter { get; init; }

    public static ApiProblem Invalid(
        IReadOnlyList<FieldError> errors,
        int status = StatusCodes.Status422UnprocessableEntity
    ) => Invalid(errors[0], status) with { Errors = errors.Count > 1 ? errors : null };

    public static ApiProblem Invalid(FieldError error, int status = StatusCodes.Status422UnprocessableEntity) =>
        new(status, error.Code, "The request cannot be accepted", $"{error.Field}: {error.Accepted}")
        {
            Field = error.Field,
            Value = error.Value,
            Accepted = error.Accepted,
        };

    public static ApiProblem Malformed(string code, string detail, string? field = null, string? accepted = null) =>
        new(StatusCodes.Status400BadRequest, code, "The request cannot be read", detail)
        {
            Field = field is null ? null : FieldError.ShortenField(field),
            Accepted = accepted,
        };

    public static ApiProblem MediaType(string? given, string accepted) =>
        new(
            StatusCodes.Status415UnsupportedMediaType,
            "media_type",
            "The request cannot be read",
            given is null ? "The Content-Type is missing." : $"The Content-Type is '{given}'."
        )
        {
            Field = "Content-Type",
            Value = given,
            Accepted = accepted,
        };

    public static ApiProblem NotFound(string what) =>
        new(StatusCodes.Status404NotFound, "not_found", "Not found", $"There is no such {what}.");

    public static ApiProblem Unavailable(string detail, int retryAfter = 2) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "Come again in a moment", detail)
        {
            RetryAfter = retryAfter,
        };

    /// <summary>The problem as an answer.</summary>
    public IResult ToResult() => new ProblemResult(this);
}

/// <summary>Writes a problem with its media type and, where it says when, its Retry-After.</summary>
public sealed class ProblemResult(ApiProblem problem) : IResult
{
    public ApiProblem Problem => problem;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } seconds)
        {
            httpContext.Response.Headers.RetryAfter = seconds.ToString();
        }

        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            httpContext.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return httpContext.Response.WriteAsJsonAsync(
            problem,
            ApiJson.Readable.ApiProblem,
            contentType: "application/problem+json"
        );
    }
}
