using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Api.Acceptance;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Submissions;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Api.Suppressions;

/// <summary>Reads an import: JSON, or CSV with a header line. All of it is right, or nothing of it is taken.</summary>
internal static class SuppressionUpload
{
    public const int MaxLines = 10_000;
    public const int MaxBytes = 4 << 20;
    public const string Csv = "text/csv";

    /// <summary>Errors that are told; who mends these sees the next.</summary>
    private const int MostErrors = 100;

    private static readonly string[] Columns = ["address", "stream", "reason", "expires_at", "detail"];

    /// <summary>In our own exports, and said by the gateway alone.</summary>
    private static readonly string[] Ignored = ["source", "created_at"];

    public static async Task<(IReadOnlyList<WantedSuppression>? Wanted, ApiProblem? Problem)> ReadAsync(
        HttpContext http,
        DateTimeOffset now
    )
    {
        var type = http.Request.ContentType?.Split(';', 2)[0].Trim();
        var isCsv = string.Equals(type, Csv, StringComparison.OrdinalIgnoreCase);
        if (!isCsv && !string.Equals(type, "application/json", StringComparison.OrdinalIgnoreCase))
        {
            return (null, ApiProblem.MediaType(type, $"application/json or {Csv}"));
        }

        if (http.Request.ContentLength > MaxBytes)
        {
            return (null, TooLarge());
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBytes;
        }

        var (bytes, problem) = await RequestBody.ReadAsync(http, type!);
        if (bytes is null)
        {
            return (null, problem!.Status == StatusCodes.Status413PayloadTooLarge ? TooLarge() : problem);
        }

        return isCsv ? ReadCsv(bytes, now) : ReadJson(bytes, now);
    }

    internal static (IReadOnlyList<WantedSuppression>? Wanted, ApiProblem? Problem) ReadJson(
        ReadOnlyMemory<byte> bytes,
        DateTimeOffset now
    )
    {
        var (body, problem) = ManageBody.Parse(bytes);
        if (body is null)
        {
            return (null, problem);
        }

        var items = body.Objects("suppressions", MaxLines);
        if (items is not { Count: > 0 })
        {
            body.Refuse("suppressions", null, $"a list of 1 to {MaxLines} objects", "required");
        }

        var wanted = items?.Select(item => WantedSuppression.Read(item, now)).ToList();
        return body.Problem() is { } wrong ? (null, Told(wrong)) : (wanted!.ConvertAll(w => w!), null);
    }

    internal static (IReadOnlyList<WantedSuppression>? Wanted, ApiProblem? Problem) ReadCsv(
        ReadOnlyMemory<byte> bytes,
        DateTimeOffset now
    )
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return (null, ApiProblem.Malformed("not_utf8", "The text is not UTF-8.", accepted: "CSV in UTF-8"));
        }

        var (lines, broken) = CsvLines.Read(text, MaxLines + 2);
        if (broken is { } at)
        {
            return (null, Refuse($"line {at.Line}", null, at.Why));
        }

        if (lines.Count is < 2 or > MaxLines + 1)
        {
            return (
                null,
                Refuse("lines", $"{Math.Max(0, lines.Count - 1)}", $"a header line and 1 to {MaxLines} lines")
            );
        }

        var header = lines[0].Fields.Select(f => f.ToLowerInvariant()).ToArray();
        var unknown = header.Except(Columns).Except(Ignored).FirstOrDefault();
        if (unknown is not null || !header.Contains("address") || header.Distinct().Count() < header.Length)
        {
            return (
                null,
                Refuse(
                    $"line {lines[0].Number}",
                    string.Join(',', lines[0].Fields),
                    $"a header line of address and, each once, {string.Join(", ", Columns.Skip(1))}"
                )
            );
        }

        return ReadLines(header, lines.Skip(1), now);
    }

    private static (IReadOnlyList<WantedSuppression>? Wanted, ApiProblem? Problem) ReadLines(
        string[] header,
        IEnumerable<CsvLine> lines,
        DateTimeOffset now
    )
    {
        var (wanted, errors) = (new List<WantedSuppression>(), new List<FieldError>());
        foreach (var line in lines)
        {
            if (line.Fields.Count != header.Length)
            {
                errors.Add(
                    FieldError.Of(
                        "not_accepted",
                        $"line {line.Number}",
                        $"{line.Fields.Count} fields",
                        $"{header.Length} fields, as the header line has"
                    )
                );
            }
            else if (ReadLine(header, line, now, errors) is { } read)
            {
                wanted.Add(read);
            }

            if (errors.Count >= MostErrors)
            {
                break;
            }
        }

        return errors.Count > 0 ? (null, Told(ApiProblem.Invalid(errors))) : (wanted, null);
    }

    /// <summary>By the rules of the JSON object with the same fields.</summary>
    private static WantedSuppression? ReadLine(
        string[] header,
        CsvLine line,
        DateTimeOffset now,
        List<FieldError> errors
    )
    {
        var values = new JsonObject();
        foreach (var (name, field) in header.Zip(line.Fields))
        {
            if (field.Length > 0 && !Ignored.Contains(name))
            {
                values[name] = SuppressionCsv.Unprotected(field);
            }
        }

        var body = new BodyFields(JsonSerializer.SerializeToElement(values));
        var read = WantedSuppression.Read(body, now);
        if (body.Problem() is not { } wrong)
        {
            return read;
        }

        errors.AddRange(
            (wrong.Errors ?? [new FieldError(wrong.Code, wrong.Field!, wrong.Value, wrong.Accepted!)]).Select(e =>
                e with
                {
                    Field = $"line {line.Number}: {e.Field}",
                }
            )
        );
        return null;
    }

    private static ApiProblem Told(ApiProblem problem) =>
        problem.Errors is { Count: > MostErrors } all ? problem with { Errors = [.. all.Take(MostErrors)] } : problem;

    private static ApiProblem Refuse(string field, string? value, string accepted) =>
        ApiProblem.Invalid(FieldError.Of("not_accepted", field, value, accepted));

    private static ApiProblem TooLarge() =>
        new(
            StatusCodes.Status413PayloadTooLarge,
            "too_large",
            "The request is too large",
            $"An import has at most {MaxBytes} bytes."
        )
        {
            Accepted = $"at most {MaxBytes} bytes and {MaxLines} lines; bring longer lists in several calls",
        };
}
