using System.Text.Json;

namespace ProviderEmulators.SendGrid;

/// <summary>Reads the mails of a request that was found good: one for each personalization.</summary>
internal static class SendGridMails
{
    public static IEnumerable<KeptMail> Of(JsonElement root, string id)
    {
        foreach (var personalization in root.GetProperty("personalizations").EnumerateArray())
        {
            var variables = new Dictionary<string, string>();
            Merge(variables, root);
            Merge(variables, personalization);
            yield return new KeptMail
            {
                Id = id,
                Transport = "http",
                At = DateTimeOffset.UtcNow,
                MailFrom = root.GetProperty("from").GetProperty("email").GetString()!,
                Recipients = [.. Recipients(personalization)],
                Content = root.GetRawText(),
                Variables = variables,
            };
        }
    }

    /// <summary>Everybody in to, cc and bcc of a personalization.</summary>
    public static IEnumerable<string> Recipients(JsonElement personalization) =>
        from kind in (string[])["to", "cc", "bcc"]
        where personalization.TryGetProperty(kind, out _)
        from one in personalization.GetProperty(kind).EnumerateArray()
        select one.GetProperty("email").GetString()!;

    private static void Merge(Dictionary<string, string> variables, JsonElement from)
    {
        if (from.TryGetProperty("custom_args", out var args))
        {
            foreach (var arg in args.EnumerateObject())
            {
                variables[arg.Name] = arg.Value.GetString()!;
            }
        }
    }
}
