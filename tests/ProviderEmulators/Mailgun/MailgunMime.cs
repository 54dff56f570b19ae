using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using ProviderEmulators.Http;

namespace ProviderEmulators.Mailgun;

/// <summary><c>POST /v3/{domain}/messages.mime</c> (mailgun.md §3, §4).</summary>
internal static class MailgunMime
{
    private const int MaxOptions = 16 * 1024;
    private const int MaxRecipients = 1_000;
    private static readonly string[] YesNo = ["yes", "no", "true", "false"];

    public static ApiAnswer Answer(MailgunEmulator emulator, string domain, ApiRequest request)
    {
        if (Read(request) is not { } form)
        {
            return MailgunEmulator.Error(400, "request content type must be multipart/form-data");
        }

        var recipients = form
            .Fields.Where(f => f.Name == "to")
            .SelectMany(f => f.Value.Split(',', StringSplitOptions.TrimEntries))
            .ToArray();
        if (Problem(form, recipients) is { } problem)
        {
            return MailgunEmulator.Error(400, problem);
        }

        var fields = MailFields.Read(form.Message!);
        var from = MailFields.Address(fields.First("From")!);
        var id = fields.First("Message-Id") ?? $"<{DateTime.UtcNow:yyyyMMddHHmmss}.1.{Guid.NewGuid():N}@{domain}>";
        var kept = new KeptMail
        {
            Id = id.Trim('<', '>'),
            Transport = "http",
            At = DateTimeOffset.UtcNow,
            MailFrom = $"bounce+emulated@{domain}",
            Recipients = [.. recipients.Select(MailFields.Address)],
            Content = Delivered(form, fields, from, domain),
            Variables = form
                .Fields.Where(f => f.Name.StartsWith("v:", StringComparison.Ordinal))
                .ToDictionary(f => f.Name[2..], f => f.Value),
            Options = form
                .Fields.Where(f => f.Name[1..2] == ":" && f.Name[0] != 'v')
                .ToDictionary(f => f.Name, f => f.Value),
        };
        return new ApiAnswer(200, JsonSerializer.Serialize(new { id, message = "Queued. Thank you." }))
        {
            Commit = () => emulator.Take(kept),
        };
    }

    private static string? Problem(Form form, string[] recipients)
    {
        if (recipients.Length == 0)
        {
            return "to parameter is missing";
        }

        if (recipients.Length > MaxRecipients)
        {
            return "Too many recipients, max is 1000";
        }

        if (
            recipients.Any(r =>
                MailFields.Address(r) is var a
                && (a.LastIndexOf('@') is var at && (at < 1 || !a[at..].Contains('.', StringComparison.Ordinal)))
            )
        )
        {
            return "to parameter is not a valid address. please check documentation";
        }

        if (form.Message is null)
        {
            return form.Fields.Any(f => f.Name == "message")
                ? "'message' parameter is not a file"
                : "message parameter is missing";
        }

        if (MailFields.Read(form.Message).First("From") is null)
        {
            return "from parameter is missing";
        }

        foreach (var (name, value) in form.Fields.Where(f => f.Name != "to"))
        {
            if (OptionProblem(name, value) is { } problem)
            {
                return problem;
            }
        }

        var options = form
            .Fields.Where(f => f.Name != "to")
            .Sum(f => f.Name.Length + Encoding.UTF8.GetByteCount(f.Value));
        return options > MaxOptions
            ? "Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total"
            : null;
    }

    private static string? OptionProblem(string name, string value) =>
        name switch
        {
            "o:tracking" or "o:tracking-clicks" or "o:tracking-pixel-location-top" => YesNo
                .Append("htmlonly")
                .Contains(value)
                ? null
                : $"{name} must be yes, no, true, false or htmlonly",
            "o:tracking-opens" or "o:dkim" or "o:testmode" or "o:require-tls" or "o:skip-verification" =>
                YesNo.Contains(value) ? null : $"{name} must be yes, no, true or false",
            "o:tag"
            or "o:deliverytime"
            or "o:deliver-within"
            or "o:secondary-dkim"
            or "o:secondary-dkim-public"
            or "o:suppress-headers"
            or "o:sending-ip"
            or "o:sending-ip-pool" => null,
            _ when name.StartsWith("h:", StringComparison.Ordinal) => name.All(char.IsAscii)
                ? null
                : $"Header name must be pure ASCII: {name[2..]}",
            _ when name.StartsWith("v:", StringComparison.Ordinal) && name.Length > 2 => null,
            _ => $"unknown parameter {name}",
        };

    /// <summary>What the recipient would see: the options' headers, and the Sender that Mailgun adds of its own (mailgun.md §5).</summary>
    private static string Delivered(Form form, IReadOnlyList<MailField> fields, string from, string domain)
    {
        var added = new StringBuilder();
        foreach (var (name, value) in form.Fields.Where(f => f.Name.StartsWith("h:", StringComparison.Ordinal)))
        {
            added.Append($"{name[2..]}: {value}\r\n");
        }

        var hasSender =
            fields.First("Sender") is not null
            || form.Fields.Any(f => f.Name.Equals("h:Sender", StringComparison.OrdinalIgnoreCase));
        if (!hasSender && !from.EndsWith("@" + domain, StringComparison.OrdinalIgnoreCase))
        {
            added.Append($"Sender: {from.Replace('@', '=')}@{domain}\r\n");
        }

        return added + Encoding.UTF8.GetString(form.Message!);
    }

    private static Form? Read(ApiRequest request)
    {
        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || type.MediaType != "multipart/form-data"
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary
        )
        {
            return null;
        }

        var form = new Form([], null);
        var reader = new MultipartReader(boundary, new MemoryStream(request.Body)) { BodyLengthLimit = null };
        while (reader.ReadNextSectionAsync().GetAwaiter().GetResult() is { } section)
        {
            var how = section.GetContentDispositionHeader();
            using var bytes = new MemoryStream();
            section.Body.CopyTo(bytes);
            if (how?.FileName.Value is { Length: > 0 })
            {
                // A part with a name is a file, and only the message is one here.
                form = how.Name == "message" ? form with { Message = bytes.ToArray() } : form;
            }
            else
            {
                form.Fields.Add((how?.Name.Value?.Trim('"') ?? "", Encoding.UTF8.GetString(bytes.ToArray())));
            }
        }

        return form;
    }

    private sealed record Form(List<(string Name, string Value)> Fields, byte[]? Message);
}
