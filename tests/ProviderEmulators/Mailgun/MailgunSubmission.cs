using System.Text.Json;
using ProviderEmulators.Smtp;

namespace ProviderEmulators.Mailgun;

/// <summary>Mailgun's submission server (mailgun.md §10).</summary>
internal static class MailgunSubmission
{
    public static SmtpRules Rules(MailgunEmulator emulator) =>
        new()
        {
            Greeting = "ak47 ESMTP ready",
            Login = (MailgunEmulator.SmtpUser, MailgunEmulator.SmtpSecret),
            LoginRefusal = "535 5.7.0 Mailgun is not loving your login or password",
            OnRecipient = recipient =>
                recipient.Contains('@', StringComparison.Ordinal) ? null : "550 5.1.3 cannot parse to address",
            OnMessage = mail => Judge(emulator, mail),
        };

    private static (string Reply, Action? Keep) Judge(MailgunEmulator emulator, SmtpMail mail)
    {
        var fields = MailFields.Read(mail.Content);
        var variables = new Dictionary<string, string>();
        // Several are merged.
        foreach (
            var field in fields.Where(f => f.Name.Equals("X-Mailgun-Variables", StringComparison.OrdinalIgnoreCase))
        )
        {
            try
            {
                foreach (var (key, value) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(field.Value)!)
                {
                    variables[key] = value.ToString();
                }
            }
            catch (JsonException)
            {
                return ("550 5.6.0 X-Mailgun-Variables is not JSON", null);
            }
        }

        var kept = new KeptMail
        {
            Id = fields.First("Message-Id")?.Trim('<', '>') ?? Guid.NewGuid().ToString("N"),
            Transport = "smtp",
            At = DateTimeOffset.UtcNow,
            MailFrom = mail.From,
            Recipients = mail.Recipients,
            Content = System.Text.Encoding.UTF8.GetString(mail.Content),
            Variables = variables,
            Options = fields
                .Where(f => f.Name.StartsWith("X-Mailgun-Track", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(f => f.Name, f => f.Value),
        };
        return ("250 Great success", () => emulator.Take(kept));
    }
}
