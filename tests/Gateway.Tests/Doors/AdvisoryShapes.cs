using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Mail.Addresses;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Doors;

/// <summary>One way to put an advisory's input into a message.</summary>
/// <param name="Door">Where it goes in.</param>
/// <param name="For">The message as a tenant would send it.</param>
internal sealed record AdvisoryShape(Door Door, Func<TestTenant, byte[]> For)
{
    /// <summary>The only recipient that may come of it, or null.</summary>
    public string? Recipient { get; init; }

    /// <summary>The name of From that must arrive, or null.</summary>
    public string? Name { get; init; }

    /// <summary>True where no reading of the input is harmless.</summary>
    public bool MustBeRefused { get; init; }
}

/// <summary>From the field that an advisory names to messages for the doors.</summary>
internal static class AdvisoryShapes
{
    private const string To = "ann@example.net";

    public static IEnumerable<AdvisoryShape> Of(string field, string input, string foreign)
    {
        var where = field.ToLowerInvariant();
        return where switch
        {
            _ when where.StartsWith("http and smtp from", StringComparison.Ordinal) => Foreign(foreign),
            _ when where.Contains("config", StringComparison.Ordinal) => [], // its own test
            _ when where.Contains("smtp data", StringComparison.Ordinal)
                    || where.Contains("body", StringComparison.Ordinal) => input.StartsWith(
                "From",
                StringComparison.Ordinal
            )
                ? [Raw(_ => input + $"To: {To}\r\n") with { MustBeRefused = true }]
                : [Raw(t => $"From: {t.Address}\r\nTo: {To}\r\n\r\n{input}"), Json((m, _) => m["text"] = input)],
            _ when where.Contains("to header", StringComparison.Ordinal) =>
            [
                Raw(t => $"From: {t.Address}\r\nTo: {input}\r\n") with
                {
                    MustBeRefused = true,
                },
                Raw(t => $"From: {t.Address}\r\nTo: {Folded(input)}\r\n") with
                {
                    MustBeRefused = true,
                },
                Json((m, _) => m["to"] = new JsonArray(input)) with
                {
                    MustBeRefused = true,
                },
            ],
            _ when where.StartsWith("headers[", StringComparison.Ordinal) =>
            [
                Json((m, _) => m["headers"] = new JsonObject { [input] = "1" }),
                .. InComposedMail(input, t => $"From: {t.Address}\r\nTo: {To}\r\n{input}: 1\r\n"),
            ],
            _ when where.StartsWith("headers", StringComparison.Ordinal) => Headers(input),
            _ when where.Contains("filename", StringComparison.Ordinal) =>
            [
                Json(
                    (m, _) =>
                        m["attachments"] = new JsonArray(new JsonObject { ["filename"] = input, ["content"] = "YQ==" })
                ),
            ],
            _ when where.Contains("content_type", StringComparison.Ordinal) =>
            [
                Json(
                    (m, _) =>
                        m["attachments"] = new JsonArray(
                            new JsonObject
                            {
                                ["filename"] = "a",
                                ["content"] = "YQ==",
                                ["content_type"] = input,
                            }
                        )
                ),
            ],
            _ when where.Contains("name", StringComparison.Ordinal) => Names(input),
            _ when where.Contains("subject", StringComparison.Ordinal) =>
            [
                Json((m, _) => m["subject"] = input),
                .. InComposedMail(input, t => $"From: {t.Address}\r\nSubject: {input}\r\nTo: {To}\r\n"),
            ],
            _ => [.. Recipients(where, input), .. Senders(where, input)],
        };
    }

    private static IEnumerable<AdvisoryShape> Recipients(string where, string input)
    {
        if (where.Contains("recipient", StringComparison.Ordinal))
        {
            var only = EmailAddress.TryParse(input, out var address, out _) ? address.ToString() : null;
            yield return Json((m, _) => m["to"] = new JsonArray(input)) with
            {
                Recipient = only,
            };
            yield return Json((m, _) => m["to"] = new JsonArray(new JsonObject { ["email"] = input })) with
            {
                Recipient = only,
            };
            yield return Raw(t => $"From: {t.Address}\r\nTo: {input}\r\n") with
            {
                Recipient = only,
            };
        }
    }

    private static IEnumerable<AdvisoryShape> Senders(string where, string input)
    {
        if (where.Contains("sender", StringComparison.Ordinal))
        {
            // Of a domain that is not the tenant's in any reading.
            yield return Json((m, _) => m["from"] = input) with
            {
                MustBeRefused = true,
            };
            yield return Raw(_ => $"From: {input}\r\nTo: {To}\r\n") with
            {
                MustBeRefused = true,
            };
            yield return Raw(t => $"From: {t.Address}\r\nSender: {input}\r\nTo: {To}\r\n") with
            {
                MustBeRefused = true,
            };
        }
    }

    private static IEnumerable<AdvisoryShape> Names(string input) =>
        [
            Json((m, t) => m["from"] = new JsonObject { ["email"] = t.Address, ["name"] = input }) with
            {
                Name = input,
            },
            Json((m, _) => m["to"] = new JsonArray(new JsonObject { ["email"] = To, ["name"] = input })),
            Raw(t => $"From: {input} <{t.Address}>\r\nTo: {To}\r\n"),
        ];

    /// <summary>The gateway's own headers: refused in JSON; of a composed message, those of transports do not leave.</summary>
    private static IEnumerable<AdvisoryShape> Headers(string input) =>
        input
            .Split('/', StringSplitOptions.TrimEntries)
            .Select(name =>
                Json((m, _) => m["headers"] = new JsonObject { [name] = "a@example.net" }) with
                {
                    MustBeRefused = true,
                }
            );

    private static IEnumerable<AdvisoryShape> Foreign(string domain) =>
        (
            (string[])
                [
                    domain,
                    "mail." + domain,
                    "example",
                    domain.ToUpperInvariant(),
                    domain + ".",
                    domain.Replace('e', '\u0435'),
                ]
        )
            .Select(d => "ceo@" + d)
            .SelectMany(address => Senders("sender", address));

    /// <summary>In a message that the tenant composed, CRLF in a field is only the end of that field: there is no injection to see.</summary>
    private static IEnumerable<AdvisoryShape> InComposedMail(string input, Func<TestTenant, string> header) =>
        input.Contains("\r\n", StringComparison.Ordinal) ? [] : [Raw(header)];

    private static AdvisoryShape Json(Action<JsonObject, TestTenant> change) =>
        new(
            Door.Json,
            tenant =>
            {
                var message = DoorCases.GoodMessage(tenant.Domain);
                change(message, tenant);
                return JsonSerializer.SerializeToUtf8Bytes(message);
            }
        );

    private static AdvisoryShape Raw(Func<TestTenant, string> header) =>
        new(
            Door.Raw,
            tenant =>
            {
                var text = header(tenant);
                var whole = text.Contains("\r\n\r\n", StringComparison.Ordinal) ? text : text + "\r\nhello\r\n";
                return Encoding.UTF8.GetBytes(whole);
            }
        );

    /// <summary>Short lines, so that no limit of lines answers in place of the limit of addresses.</summary>
    private static string Folded(string list) => list.Replace(", ", ",\r\n ", StringComparison.Ordinal).TrimEnd();
}
