using System.Text;
using System.Text.Json;

namespace ProviderEmulators.SendGrid;

/// <summary>The request's rules (sendgrid.md §2), each with the provider's 400.</summary>
internal static class SendGridRules
{
    private const int MaxRecipients = 1_000;
    private const int MaxArgs = 10_000;
    private const int MaxCategories = 10;

    private static readonly Dictionary<string, JsonValueKind> Top = new()
    {
        ["personalizations"] = JsonValueKind.Array,
        ["from"] = JsonValueKind.Object,
        ["reply_to"] = JsonValueKind.Object,
        ["reply_to_list"] = JsonValueKind.Array,
        ["subject"] = JsonValueKind.String,
        ["content"] = JsonValueKind.Array,
        ["attachments"] = JsonValueKind.Array,
        ["template_id"] = JsonValueKind.String,
        ["headers"] = JsonValueKind.Object,
        ["categories"] = JsonValueKind.Array,
        ["custom_args"] = JsonValueKind.Object,
        ["send_at"] = JsonValueKind.Number,
        ["batch_id"] = JsonValueKind.String,
        ["asm"] = JsonValueKind.Object,
        ["ip_pool_name"] = JsonValueKind.String,
        ["mail_settings"] = JsonValueKind.Object,
        ["tracking_settings"] = JsonValueKind.Object,
    };

    private static readonly string[] Personalization =
    [
        "to",
        "cc",
        "bcc",
        "from",
        "subject",
        "headers",
        "substitutions",
        "dynamic_template_data",
        "custom_args",
        "send_at",
    ];

    public static (string Message, string? Field)? Check(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return ("Bad Request", null);
        }

        foreach (var property in root.EnumerateObject())
        {
            if (!Top.TryGetValue(property.Name, out var kind))
            {
                return ($"Unexpected field '{property.Name}'", property.Name);
            }

            if (property.Value.ValueKind != kind)
            {
                return ($"Invalid type. Expected: {kind}, given: {property.Value.ValueKind}.", property.Name);
            }
        }

        return CheckPeople(root) ?? SendGridContentRules.Check(root) ?? CheckSettings(root);
    }

    public static bool IsSandboxed(JsonElement root) =>
        root.TryGetProperty("mail_settings", out var settings)
        && settings.TryGetProperty("sandbox_mode", out var sandbox)
        && sandbox.TryGetProperty("enable", out var enable)
        && enable.ValueKind == JsonValueKind.True;

    public static bool IsAddress(JsonElement one) =>
        one.ValueKind == JsonValueKind.Object
        && one.TryGetProperty("email", out var email)
        && email.ValueKind == JsonValueKind.String
        && email.GetString() is { } text
        && text.All(char.IsAscii)
        && text.LastIndexOf('@') is > 0 and var at
        && at < text.Length - 1
        && text.AsSpan(at + 1).Contains('.')
        && !text.AsSpan().ContainsAny(" \r\n<>");

    private static (string, string?)? CheckPeople(JsonElement root)
    {
        if (!root.TryGetProperty("from", out var from))
        {
            return ("The from object must be provided for every email send.", "from");
        }

        if (!IsAddress(from))
        {
            return ("The from email does not contain a valid address.", "from.email");
        }

        if (root.TryGetProperty("reply_to", out var reply) && !IsAddress(reply))
        {
            return ("The reply_to email does not contain a valid address.", "reply_to.email");
        }

        if (reply.ValueKind != JsonValueKind.Undefined && root.TryGetProperty("reply_to_list", out _))
        {
            return ("reply_to and reply_to_list may not be used together.", "reply_to_list");
        }

        if (!root.TryGetProperty("personalizations", out var all) || all.GetArrayLength() == 0)
        {
            return (
                "The personalizations field is required and must have at least one personalization.",
                "personalizations"
            );
        }

        if (all.GetArrayLength() > MaxRecipients)
        {
            return (
                "The personalization block is limited to 1000 personalizations per API request.",
                "personalizations"
            );
        }

        var total = 0;
        foreach (var (index, one) in all.EnumerateArray().Index())
        {
            if (CheckPersonalization(one, index, ref total) is { } problem)
            {
                return problem;
            }
        }

        return CheckArgs(root, "custom_args");
    }

    private static (string, string?)? CheckPersonalization(JsonElement one, int index, ref int total)
    {
        var place = $"personalizations.{index}";
        if (one.ValueKind != JsonValueKind.Object || !one.TryGetProperty("to", out var to) || to.GetArrayLength() == 0)
        {
            return (
                "The to array is required for all personalization objects, and must have at least one email object.",
                $"{place}.to"
            );
        }

        if (
            one.EnumerateObject().FirstOrDefault(p => !Personalization.Contains(p.Name)) is
            { Value.ValueKind: not JsonValueKind.Undefined } odd
        )
        {
            return ($"Unexpected field '{odd.Name}'", $"{place}.{odd.Name}");
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var kind in (string[])["to", "cc", "bcc"])
        {
            if (!one.TryGetProperty(kind, out var list))
            {
                continue;
            }

            foreach (var (at, person) in list.EnumerateArray().Index())
            {
                if (!IsAddress(person))
                {
                    return ("Does not contain a valid address.", $"{place}.{kind}.{at}.email");
                }

                if (!seen.Add(person.GetProperty("email").GetString()!))
                {
                    return (
                        "Each unique email address in the personalizations array should only be included once.",
                        place
                    );
                }

                total++;
            }
        }

        return total > MaxRecipients
            ? ("There is a limit of 1000 total recipients (to + cc + bcc) per request.", "personalizations")
            : CheckArgs(one, $"{place}.custom_args");
    }

    private static (string, string?)? CheckArgs(JsonElement parent, string place)
    {
        if (!parent.TryGetProperty("custom_args", out var args))
        {
            return null;
        }

        // A number among them is answered with no word about where.
        return args.EnumerateObject().Any(a => a.Value.ValueKind != JsonValueKind.String) ? ("Bad Request", null)
            : Encoding.UTF8.GetByteCount(args.GetRawText()) > MaxArgs
                ? ("custom_args are limited to 10000 bytes.", place)
            : null;
    }

    private static (string, string?)? CheckSettings(JsonElement root)
    {
        if (root.TryGetProperty("categories", out var categories))
        {
            var names = categories.EnumerateArray().Select(c => c.ToString()).ToArray();
            if (
                names.Length > MaxCategories
                || names.Distinct().Count() != names.Length
                || names.Any(n => n.Length > 255)
            )
            {
                return ("There can be at most 10 unique categories of at most 255 characters.", "categories");
            }
        }

        foreach (var group in (string[])["mail_settings", "tracking_settings"])
        {
            if (!root.TryGetProperty(group, out var settings))
            {
                continue;
            }

            foreach (var setting in settings.EnumerateObject())
            {
                // "true" in quotes is refused.
                if (
                    setting.Value.ValueKind != JsonValueKind.Object
                    || !setting.Value.TryGetProperty("enable", out var enable)
                    || enable.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
                )
                {
                    return ("Invalid type. Expected: boolean.", $"{group}.{setting.Name}.enable");
                }
            }
        }

        return null;
    }
}
