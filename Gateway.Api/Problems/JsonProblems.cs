using System.Text.Json;

namespace Gateway.Api.Problems;

/// <summary>Says in the caller's words why JSON could not be read: where, what, and what would be.</summary>
public static class JsonProblems
{
    public static ApiProblem Of(JsonException problem)
    {
        var field = problem.Path is null or "$" ? null : problem.Path.Replace("$.", "", StringComparison.Ordinal);
        var text = problem.Message;
        if (text.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return Unprocessable(
                "unknown_field",
                field,
                "There is no such field.",
                "only the fields of the documentation at /openapi/v1.json"
            );
        }

        if (text.Contains("uplicate property", StringComparison.Ordinal))
        {
            return ApiProblem.Malformed(
                "duplicate_field",
                "A property is given twice in one object.",
                field,
                "each property once"
            );
        }

        if (text.Contains("maximum configured depth", StringComparison.Ordinal))
        {
            return ApiProblem.Malformed(
                "json_too_deep",
                $"The JSON is nested deeper than {Submissions.MessageJson.MaxDepth} levels."
            );
        }

        if (
            text.Contains("could not be converted", StringComparison.Ordinal)
            || problem.InnerException is FormatException or InvalidOperationException
        )
        {
            return Unprocessable("wrong_type", field, "The value has the wrong type.", Expected(field));
        }

        // A converter's own words carry no position; the reader's syntax errors do.
        return
            problem.BytePositionInLine is null
            || text.StartsWith("an address", StringComparison.Ordinal)
            || text.StartsWith('\'')
            ? Unprocessable("wrong_type", field, text, "\"Name <a@b.example>\" or {\"email\": …, \"name\": …}")
            : ApiProblem.Malformed(
                "json_invalid",
                $"The body is not JSON: line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}.",
                field
            );
    }

    private static string Expected(string? field) =>
        field switch
        {
            null => "one JSON object",
            _ when field.EndsWith(".content", StringComparison.Ordinal) => "base64 (RFC 4648 §4)",
            "send_at" => "a time with offset (RFC 3339), such as 2030-01-31T09:00:00Z",
            "metadata" or "headers" => "an object whose values are strings",
            _ when field.StartsWith("metadata.", StringComparison.Ordinal)
                    || field.StartsWith("headers.", StringComparison.Ordinal) => "a string",
            "to" or "cc" or "bcc" or "tags" or "attachments" => "a list",
            "tracking" or "tracking.opens" or "tracking.clicks" => "{\"opens\": true|false, \"clicks\": true|false}",
            _ => "a string",
        };

    private static ApiProblem Unprocessable(string code, string? field, string detail, string accepted) =>
        new(StatusCodes.Status422UnprocessableEntity, code, "The request cannot be accepted", detail)
        {
            Field = field,
            Accepted = accepted,
        };
}
