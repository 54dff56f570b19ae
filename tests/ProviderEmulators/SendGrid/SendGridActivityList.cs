using System.Text.Json;
using System.Text.RegularExpressions;
using ProviderEmulators.Http;

namespace ProviderEmulators.SendGrid;

/// <summary>The Email Activity API's list, as far as a search by one's own argument goes (normalized.md §4).</summary>
internal static partial class SendGridActivityList
{
    public static ApiAnswer Answer(MailStore store, ApiRequest request)
    {
        var match = ByArgument().Match(request.Query["query"].ToString());
        if (!match.Success)
        {
            return SendGridEmulator.Error(400, "invalid query", "query");
        }

        var (key, value) = (match.Groups["key"].Value, match.Groups["value"].Value);
        var found = store
            .Mails.Where(m => m.Variables.GetValueOrDefault(key) == value)
            .Select(m => new
            {
                from_email = m.MailFrom,
                msg_id = m.Id + ".recvd-emulator-1",
                to_email = m.Recipients[0],
                status = store.Events.Any(e => e.Mail == m && e.Event == "delivered") ? "delivered" : "processed",
            });
        return new ApiAnswer(200, JsonSerializer.Serialize(new { messages = found }));
    }

    [GeneratedRegex(
        """^\(?unique_args\['(?<key>[a-z_]{1,40})'\]="(?<value>[A-Za-z0-9_-]{1,80})"\)?$""",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex ByArgument();
}
