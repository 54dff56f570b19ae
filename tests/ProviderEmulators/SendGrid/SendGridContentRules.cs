using System.Text.Json;

namespace ProviderEmulators.SendGrid;

/// <summary>The rules of subject, content, attachments and headers (sendgrid.md §2).</summary>
internal static class SendGridContentRules
{
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "Content-Type",
        "Content-Transfer-Encoding",
        "To",
        "From",
        "Subject",
        "Reply-To",
        "CC",
        "BCC",
    };

    public static (string Message, string? Field)? Check(JsonElement root) =>
        CheckContent(root) ?? CheckAttachments(root) ?? CheckHeaders(root);

    private static (string, string?)? CheckContent(JsonElement root)
    {
        if (root.TryGetProperty("template_id", out _))
        {
            return null;
        }

        if (!root.TryGetProperty("subject", out var subject) || subject.GetString()!.Length == 0)
        {
            return (
                "The subject is required. You can get around this requirement if you use a template with a subject defined.",
                "subject"
            );
        }

        if (!root.TryGetProperty("content", out var content) || content.GetArrayLength() == 0)
        {
            return (
                "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block.",
                "content"
            );
        }

        var order = new List<string>();
        foreach (var (index, part) in content.EnumerateArray().Index())
        {
            if (Text(part, "value").Length == 0)
            {
                return (
                    "The content value must be a string at least one character in length.",
                    $"content.{index}.value"
                );
            }

            order.Add(Text(part, "type"));
        }

        var plain = order.IndexOf("text/plain");
        var html = order.IndexOf("text/html");
        return plain > 0 || html > 1 || (html == 1 && plain != 0)
            ? ("If present, text/plain and text/html may only be provided once, text/plain first.", "content")
            : null;
    }

    private static (string, string?)? CheckAttachments(JsonElement root)
    {
        if (!root.TryGetProperty("attachments", out var attachments))
        {
            return null;
        }

        foreach (var (index, one) in attachments.EnumerateArray().Index())
        {
            var content = Text(one, "content");
            if (content.Length == 0 || !Convert.TryFromBase64String(content, new byte[content.Length], out _))
            {
                return ("The attachment content must be base64 encoded.", $"attachments.{index}.content");
            }

            if (Text(one, "filename").Length == 0)
            {
                return ("The attachment filename is required.", $"attachments.{index}.filename");
            }

            if (one.TryGetProperty("disposition", out var how) && how.GetString() is not ("inline" or "attachment"))
            {
                return ("The attachment disposition must be inline or attachment.", $"attachments.{index}.disposition");
            }
        }

        return null;
    }

    private static (string, string?)? CheckHeaders(JsonElement root)
    {
        if (!root.TryGetProperty("headers", out var headers))
        {
            return null;
        }

        foreach (var header in headers.EnumerateObject())
        {
            if (Reserved.Contains(header.Name))
            {
                return ("The headers field cannot be one of the reserved keys.", $"headers.{header.Name}");
            }

            if (header.Value.ValueKind != JsonValueKind.String)
            {
                return ("Bad Request", null);
            }
        }

        return null;
    }

    private static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
