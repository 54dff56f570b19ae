using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AppHost;

/// <summary>Where everything is and how to send the first message: for people on the console, for programs as JSON.</summary>
internal static class Announcement
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // Connection strings are to be read by people as well.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    /// <summary>Writes the file in one step, readable by its owner alone: it holds keys and passwords.</summary>
    public static void Write(string file, SystemEndpoints endpoints) =>
        PrivateText.Write(file, JsonSerializer.Serialize(endpoints, Json));

    /// <summary>The operator's door: at the API's own address, with a token of its own.</summary>
    public static OperatorEndpoint? Operator(string? api, string tokenFile) =>
        api is null ? null : new OperatorEndpoint(api, File.ReadAllText(tokenFile).Trim());

    /// <summary>The facts of the demo tenant as <c>migrate</c> wrote them; null if it did not.</summary>
    public static DemoTenant? ReadDemo(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<DemoTenant>(File.ReadAllText(file), Json) : null;

    public static string Text(SystemEndpoints endpoints, string file)
    {
        var text = new StringBuilder("\nThe gateway is up.\n\n");
        Line("API", endpoints.Api);
        Line("SMTP", endpoints.Smtp is { } at ? $"{at.Host}:{at.Port} (STARTTLS, then AUTH)" : null);
        Line("Portal", endpoints.Portal);
        Line("Webhooks", endpoints.Webhooks);
        // Passwords stay out of terminals and logs.
        Line("Servers", $"{file} has their addresses and passwords");
        if (endpoints is { Api: { } api, Demo: { } demo })
        {
            text.Append(
                $$"""

                Send a message as the demo tenant (it arrives in the sandbox inbox, nothing leaves the machine):

                  curl -s {{api}}/v1/messages \
                    -H 'Authorization: Bearer {{demo.ApiKey}}' -H 'Content-Type: application/json' \
                    -d '{"from":"Demo <hello@{{demo.Domain}}>","to":["you@example.net"],"subject":"First","text":"It works."}'

                and see it there:

                  curl -s {{api}}/v1/sandbox/messages -H 'Authorization: Bearer {{demo.ApiKey}}'

                """
            );
        }

        if (endpoints is { Smtp: { } smtp, Demo: { Login: { } login, Password: { } password } sender })
        {
            text.Append(
                $$"""

                or send one by SMTP:

                  swaks --server {{smtp.Host}}:{{smtp.Port}} --tls --auth PLAIN --auth-user {{login}} \
                    --auth-password {{password}} \
                    --from hello@{{sender.Domain}} --to you@example.net --header 'Subject: First'

                """
            );
        }

        return text.Append("\nCtrl-C stops everything.\n").ToString();

        void Line(string name, string? value)
        {
            if (value is not null)
            {
                text.Append("  ").Append(name.PadRight(12)).Append(value).Append('\n');
            }
        }
    }
}
