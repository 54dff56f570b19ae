using System.Text.Json;
using Gateway.Api.Acceptance;
using Gateway.Api.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Api.Manage;

/// <summary>The JSON object of a request that manages something: small, flat, strict.</summary>
internal static class ManageBody
{
    /// <summary>A hundred addresses or fifty limits, written at length.</summary>
    public const int MaxBytes = 64 * 1024;
    private const int MaxDepth = 8;
    private static readonly JsonElement Nothing = JsonElement.Parse("{}");

    private static readonly JsonDocumentOptions Strict = new()
    {
        AllowDuplicateProperties = false,
        MaxDepth = MaxDepth,
    };

    /// <param name="http">The request.</param>
    /// <param name="optional">No body at all is an empty object.</param>
    public static async Task<(BodyFields? Fields, ApiProblem? Problem)> ReadAsync(
        HttpContext http,
        bool optional = false
    )
    {
        if (optional && http.Request.ContentType is null && http.Request.ContentLength is null or 0)
        {
            return (new BodyFields(Nothing), null);
        }

        if (http.Request.ContentLength > MaxBytes)
        {
            return (null, TooLarge());
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBytes;
        }

        var (bytes, problem) = await RequestBody.ReadAsync(http, "application/json");
        if (bytes is null)
        {
            return (null, problem!.Status == StatusCodes.Status413PayloadTooLarge ? TooLarge() : problem);
        }

        return Parse(bytes);
    }

    internal static (BodyFields? Fields, ApiProblem? Problem) Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            var body = document.RootElement.Clone();
            if (body.ValueKind != JsonValueKind.Object)
            {
                return (null, NoObject());
            }

            foreach (var property in body.EnumerateObject())
            {
                // Reading a name that holds half of a surrogate pair throws; here, where it is caught.
                _ = property.Name;
            }

            return (new BodyFields(body), null);
        }
        catch (JsonException problem)
        {
            return (null, JsonProblems.Of(problem));
        }
        catch (InvalidOperationException)
        {
            return (null, NoObject());
        }
    }

    private static ApiProblem NoObject() =>
        new(
            StatusCodes.Status422UnprocessableEntity,
            "wrong_type",
            "The request cannot be accepted",
            "The body is not a JSON object."
        )
        {
            Accepted = "one JSON object",
        };

    private static ApiProblem TooLarge() =>
        new(
            StatusCodes.Status413PayloadTooLarge,
            "too_large",
            "The request is too large",
            $"A request of this kind has at most {MaxBytes} bytes."
        )
        {
            Accepted = $"at most {MaxBytes} bytes",
        };
}
