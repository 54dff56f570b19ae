using Microsoft.Extensions.Configuration;

namespace Gateway.Providers.Events;

/// <summary>The settings of a path that say how its provider's events are believed.</summary>
public sealed class EventOptions
{
    /// <summary>SendGrid: base64 of the public key that its panel shows for the signed event webhook.</summary>
    public string EventsPublicKey { get; set; } = "";

    /// <summary>Mailgun: the HTTP webhook signing key. Secret.</summary>
    public string EventsSigningKey { get; set; } = "";

    /// <summary>SES: the ARNs of the SNS topics that may speak, separated by commas.</summary>
    public string EventsTopics { get; set; } = "";

    /// <summary>SES: 2 refuses the older signature, so that nobody can ask for it; 1 takes both.</summary>
    public int EventsSignatureVersion { get; set; } = 1;

    /// <summary>Postmark: the user and the password in the webhook's URL. The password is secret.</summary>
    public string EventsUser { get; set; } = "";
    public string EventsPassword { get; set; } = "";

    public IReadOnlyList<string> Topics =>
        EventsTopics.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Null with what is wrong where a value has not the form of its setting.</summary>
    public static EventOptions? Read(IConfiguration settings, ICollection<string> problems)
    {
        try
        {
            return settings.Get<EventOptions>() ?? new EventOptions();
        }
        catch (InvalidOperationException problem)
        {
            problems.Add(problem.Message);
            return null;
        }
    }
}
