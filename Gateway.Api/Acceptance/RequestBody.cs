using Gateway.Api.Problems;

namespace Gateway.Api.Acceptance;

/// <summary>Reads a request body whole, with its limits and media type.</summary>
internal static class RequestBody
{
    public static async Task<(byte[]? Body, ApiProblem? Problem)> ReadAsync(HttpContext http, string mediaType)
    {
        var given = http.Request.ContentType?.Split(';', 2)[0].Trim();
        if (!string.Equals(given, mediaType, StringComparison.OrdinalIgnoreCase))
        {
            return (null, ApiProblem.MediaType(given, mediaType));
        }

        if (http.Request.Headers.ContentEncoding.Count > 0)
        {
            // Inflating before the key's limits are known would let a kilobyte cost a gigabyte.
            return (
                null,
                ApiProblem.Malformed(
                    "content_encoding",
                    "Send the body as it is, without Content-Encoding.",
                    "Content-Encoding",
                    "identity"
                )
            );
        }

        if (http.Request.ContentLength > MessageLimits.RequestBytes)
        {
            return (null, TooLarge());
        }

        try
        {
            return (await ReadAsync(http.Request.Body, http.Request.ContentLength, http.RequestAborted), null);
        }
        catch (BadHttpRequestException problem) when (problem.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge());
        }
        catch (BadHttpRequestException problem)
        {
            return (null, Unreadable(problem));
        }
    }

    private static async Task<byte[]> ReadAsync(Stream body, long? length, CancellationToken cancel)
    {
        if (length is { } known)
        {
            var exact = new byte[known];
            await body.ReadExactlyAsync(exact, cancel);
            return exact;
        }

        using var buffer = new MemoryStream();
        await body.CopyToAsync(buffer, cancel);
        return buffer.ToArray();
    }

    private static ApiProblem Unreadable(BadHttpRequestException problem) =>
        problem.StatusCode == StatusCodes.Status408RequestTimeout
            ? new ApiProblem(problem.StatusCode, "body_too_slow", "The request cannot be read", problem.Message)
            {
                Accepted = $"at least {HttpLimits.BodyBytesPerSecond} bytes a second",
            }
            : ApiProblem.Malformed(
                "body_truncated",
                problem.Message,
                accepted: "all the bytes that Content-Length or the chunks announce"
            );

    private static ApiProblem TooLarge() =>
        new(
            StatusCodes.Status413PayloadTooLarge,
            "too_large",
            "The request is too large",
            $"A request has at most {MessageLimits.RequestBytes} bytes."
        )
        {
            Accepted = $"at most {MessageLimits.RequestBytes} bytes",
        };
}
