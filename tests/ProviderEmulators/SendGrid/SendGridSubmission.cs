using System.Text.Json;
using ProviderEmulators.Smtp;

namespace ProviderEmulators.SendGrid;

/// <summary>SendGrid's submission server (sendgrid.md §8).</summary>
internal static class SendGridSubmission
{
    private const int LongestLine = 1_000;

    public static SmtpRules Rules(SendGridEmulator emulator) =>
        new()
        {
            Greeting = "SG ESMTP service ready at emulator",
            Login = ("apikey", SendGridEmulator.ApiKey),
            LoginRefusal = "535 Authentication failed: Bad username / password",
            OnMail = from =>
                emulator.IsVerified(from)
                    ? null
                    : "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
            OnMessage = mail => Judge(emulator, mail),
        };

    private static (string Reply, Action? Keep) Judge(SendGridEmulator emulator, SmtpMail mail)
    {
        var fields = MailFields.Read(mail.Content);
        var controls = fields.Where(f => f.Name.Equals("X-SMTPAPI", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (controls.Length > 1)
        {
            return ("550 There can be only one X-SMTPAPI header", null);
        }

        var variables = new Dictionary<string, string>();
        var options = new Dictionary<string, string>();
        if (controls is [var control] && !TryRead(control.Value, variables, options))
        {
            return ("550 X-SMTPAPI could not be parsed", null);
        }

        if (fields.Any(f => f.LongestLine > LongestLine))
        {
            return ("550 a line of the header is too long", null);
        }

        var id = SendGridEmulator.NewId();
        var kept = new KeptMail
        {
            Id = id,
            Transport = "smtp",
            At = DateTimeOffset.UtcNow,
            MailFrom = mail.From,
            Recipients = mail.Recipients,
            Content = System.Text.Encoding.UTF8.GetString(mail.Content),
            Variables = variables,
            Options = options,
        };
        return ($"250 Ok: queued as {id}", () => emulator.Take(kept));
    }

    private static bool TryRead(string json, Dictionary<string, string> variables, Dictionary<string, string> options)
    {
        try
        {
            using var control = JsonDocument.Parse(json);
            if (control.RootElement.TryGetProperty("unique_args", out var args))
            {
                foreach (var arg in args.EnumerateObject())
                {
                    variables[arg.Name] = arg.Value.GetString()!;
                }
            }

            if (control.RootElement.TryGetProperty("filters", out var filters))
            {
                foreach (var filter in filters.EnumerateObject())
                {
                    options[filter.Name] =
                        filter.Value.GetProperty("settings").GetProperty("enable").GetInt32() == 1 ? "on" : "off";
                }
            }

            return json.All(char.IsAscii);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }
}
