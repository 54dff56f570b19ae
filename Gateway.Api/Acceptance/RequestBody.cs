using Gateway.Api.Problems;
using Gateway.Mail.Smtp;

namespace Gateway.Api.Acceptance;

/// <summary>Reads a request body whole, with its limits and media type.</summary>
internal static class RequestBody
{
    private const int Piece = 64 * 1024;

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
            using var lease = new ContentLease(http.RequestServices.GetRequiredService<ContentBudget>());
            var body = await ReadAsync(http.Request, lease, http.RequestAborted);
            return body is null ? (null, ApiProblem.Unavailable("Too many bytes are being read.")) : (body, null);
        }
        catch (BadHttpRequestException problem) when (problem.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge());
        }
        catch (BadHttpRequestException problem)
        {
            return (null, Unreadable(problem));
        }
        catch (IOException problem)
        {
            // A chunk of more bytes than a number can hold.
            return (null, Truncated(problem.Message));
        }
    }

    /// <summary>Null where all bodies together would be too much. Each piece is paid for when it has come, not when it is announced.</summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request, ContentLease lease, CancellationToken cancel)
    {
        if (request.ContentLength is { } length)
        {
            var exact = new byte[length];
            for (var at = 0; at < exact.Length; )
            {
                var piece = exact.AsMemory(at, Math.Min(Piece, exact.Length - at));
                if (!lease.TryTake(piece.Length))
                {
                    return null;
                }

                await request.Body.ReadExactlyAsync(piece, cancel);
                at += piece.Length;
            }

            return exact;
        }

        using var whole = new MemoryStream();
        var buffer = new byte[Piece];
        int got;
        while ((got = await request.Body.ReadAsync(buffer, cancel)) > 0)
        {
            if (!lease.TryTake(got))
            {
                return null;
            }

            whole.Write(buffer, 0, got);
        }

        return whole.ToArray();
    }

    /// <summary>What one body has taken of what all may hold while they come in.</summary>
    private sealed class ContentLease(ContentBudget budget) : IDisposable
    {
        private long taken;

        public bool TryTake(long bytes)
        {
            if (!budget.TryTake(bytes))
            {
                return false;
            }

            taken += bytes;
            return true;
        }

        public void Dispose() => budget.Return(taken);
    }

    private static ApiProblem Unreadable(BadHttpRequestException problem) =>
        problem.StatusCode == StatusCodes.Status408RequestTimeout
            ? new ApiProblem(problem.StatusCode, "body_too_slow", "The request cannot be read", problem.Message)
            {
                Accepted = $"at least {HttpLimits.BodyBytesPerSecond} bytes a second",
            }
            : Truncated(problem.Message);

    private static ApiProblem Truncated(string what) =>
        ApiProblem.Malformed(
            "body_truncated",
            what,
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
