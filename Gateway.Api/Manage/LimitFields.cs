using Gateway.Mail.Addresses;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>Limits as the operator and tenants write them; pure.</summary>
internal static class LimitFields
{
    public const int Most = 50;

    /// <summary>Each costs a counter at every acceptance (D16).</summary>
    public const int MostRecipientDomains = 20;
    private const int LongestWindow = 86_400;
    private const double HighestCap = 1e12;
    private const string KeyScope = "key";
    private const string RecipientDomain = "recipient_domain";

    /// <summary>The limits of the field; null where it is absent or null. Problems are collected in the fields.</summary>
    public static IReadOnlyList<LimitRow>? Read(BodyFields body, string name)
    {
        if (body.Objects(name, Most) is not { } objects)
        {
            return null;
        }

        var rows = new List<LimitRow>(objects.Count);
        var seen = new HashSet<(string, string, string, int)>();
        foreach (var (at, fields) in objects.Index())
        {
            var row = ReadOne(fields);
            rows.Add(row);
            if (!seen.Add((row.scope, row.subject, row.unit, row.window_seconds)))
            {
                body.Refuse($"{name}[{at}]", row.scope, "each scope, subject, unit and window once", "duplicate");
            }
        }

        if (rows.Count(r => r.scope == RecipientDomain) is > MostRecipientDomains and var many)
        {
            body.Refuse(
                name,
                $"{many}",
                $"at most {MostRecipientDomains} limits of the scope {RecipientDomain}",
                "too_many"
            );
        }

        return rows;
    }

    private static LimitRow ReadOne(BodyFields fields)
    {
        var scope = fields.OneOf("scope", ["tenant", KeyScope, "domain", "stream", RecipientDomain], required: true);
        var subject = ReadSubject(fields, scope);
        return new LimitRow
        {
            scope = scope ?? "tenant",
            subject = subject,
            unit = fields.OneOf("unit", ["messages", "recipients"], required: true) ?? "messages",
            window_seconds = (int)(fields.Number("window_seconds", 1, LongestWindow, required: true) ?? 1),
            cap = (long)(fields.Number("cap", 1, HighestCap, required: true) ?? 1),
            // D16: broadcasts can wait; whoever sends anything else should hear of it.
            over =
                fields.OneOf("over", ["wait", "refuse", LimitRow.OverByStream])
                ?? (scope == "stream" && subject.Length > 0 ? OverOf(subject) : LimitRow.OverByStream),
        };
    }

    /// <summary>Of one stream it is clear what by_stream means.</summary>
    private static string OverOf(string stream) => stream == "broadcast" ? "wait" : "refuse";

    private static string ReadSubject(BodyFields fields, string? scope)
    {
        var text = fields.Text("subject", 253);
        switch (scope)
        {
            case "tenant" when text is not null:
                fields.Refuse("subject", text, "none: the scope tenant is the whole tenant");
                return "";
            case "stream" when text is not (null or "transactional" or "broadcast"):
                fields.Refuse("subject", text, "transactional, broadcast, or none: each stream by itself");
                return "";
            case KeyScope when text is not null && !KeyCursor.IsKeyId(text):
                fields.Refuse("subject", text, "a key's id, or none: each key by itself");
                return "";
            case RecipientDomain when text is null:
                fields.Refuse("subject", null, "a recipient domain such as gmail.com", "required");
                return "";
            case "domain" or RecipientDomain when text is not null:
                // Kept as it is compared: the A-label in lower case.
                if (EmailAddress.TryParse("a@" + text, out var address, out _))
                {
                    return address.Domain;
                }

                fields.Refuse("subject", text, "a domain such as example.com");
                return "";
            default:
                return text ?? "";
        }
    }
}
