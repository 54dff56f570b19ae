using System.Text.Json;
using Gateway.Submissions;

namespace Gateway.Api.Problems;

/// <summary>Says in the caller's words why JSON could not be read: where, what, and what would be.</summary>
public static class JsonProblems
{
    public static ApiProblem Of(JsonException problem)
    {
        var field = JsonField.Of(problem.Path);
        var text = problem.Message;
        if (problem is FieldException refused)
        {
            return Unprocessable(refused.Code, field + refused.Below, refused.Message, refused.Accepted);
        }

        // The serializer tells its reasons in words only.
        if (text.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return Unprocessable(
                "unknown_field",
                field,
                "There is no such field.",
                "only the fields of the documentation at /openapi/v1.json"
            );
        }

        if (text.Contains("uplicate propert", StringComparison.Ordinal))
        {
            return Unprocessable("duplicate_field", field, "The field is given twice.", "each once");
        }

        if (text.Contains("maximum configured depth", StringComparison.Ordinal))
        {
            return ApiProblem.Malformed(
                "json_too_deep",
                $"The JSON is nested deeper than {MessageJson.MaxDepth} levels.",
                field,
                $"at most {MessageJson.MaxDepth} levels"
            );
        }

        return
            text.Contains("could not be converted", StringComparison.Ordinal)
            || problem.InnerException is FormatException or InvalidOperationException
            ? Unprocessable("wrong_type", field, "The value has the wrong type.", Expected(field))
            : ApiProblem.Malformed(
                "json_invalid",
                $"The body is not JSON: line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}.",
                field,
                "JSON in UTF-8 (RFC 8259)"
            );
    }

    private static string Expected(string? field) =>
        field switch
        {
            null => "one JSON object",
            "metadata" or "headers" => "an object whose values are strings",
            _ when field.StartsWith("metadata.", StringComparison.Ordinal)
                    || field.StartsWith("headers.", StringComparison.Ordinal) => "a string",
            _ when field.EndsWith(".content", StringComparison.Ordinal) => "base64 (RFC 4648 §4)",
            "to" or "cc" or "bcc" or "tags" or "attachments" or "messages" => "a list",
            "tracking" or "tracking.opens" or "tracking.clicks" => "{\"opens\": true|false, \"clicks\": true|false}",
            _ => "a string",
        };

    private static ApiProblem Unprocessable(string code, string? field, string detail, string accepted) =>
        new(StatusCodes.Status422UnprocessableEntity, code, "The request cannot be accepted", detail)
        {
            Field = string.IsNullOrEmpty(field) ? null : FieldError.ShortenField(field),
            Accepted = accepted,
        };
}
