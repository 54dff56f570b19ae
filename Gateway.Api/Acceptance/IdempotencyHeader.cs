using System.Security.Cryptography;
using System.Text;
using Gateway.Api.Problems;
using Gateway.Submissions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Api.Acceptance;

/// <summary>Reads <c>Idempotency-Key</c> and hashes what it stands for: method, path and raw body (D3).</summary>
internal static class IdempotencyHeader
{
    public const string Name = "Idempotency-Key";

    public static readonly string Accepted =
        $"one key of 1 to {MessageLimits.IdempotencyKeyLength} visible ASCII characters";

    public static (string? Key, ApiProblem? Problem) Read(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Name, out var values))
        {
            return (null, null);
        }

        var key = values.ToString();
        return values.Count == 1 && IsKey(key)
            ? (key, null)
            : (null, ApiProblem.Invalid(FieldError.Of("not_accepted", Name, key, Accepted)));
    }

    public static bool IsKey(string key) =>
        key.Length is > 0 and <= MessageLimits.IdempotencyKeyLength
        && key.AsSpan().IndexOfAnyExceptInRange('\x21', '\x7e') < 0;

    /// <summary>The header as a parameter of the OpenAPI document.</summary>
    public static Task Describe(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancel
    )
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(
            new OpenApiParameter
            {
                Name = Name,
                In = ParameterLocation.Header,
                Description =
                    "The same key with the same body within 24 hours gives the first answer; with another body, 422.",
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    MaxLength = MessageLimits.IdempotencyKeyLength,
                },
            }
        );
        return Task.CompletedTask;
    }

    public static byte[] Hash(HttpRequest request, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
