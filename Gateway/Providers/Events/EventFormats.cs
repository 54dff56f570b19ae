using Gateway.Providers.Mailgun;
using Gateway.Providers.Postmark;
using Gateway.Providers.SendGrid;
using Gateway.Providers.Ses;

namespace Gateway.Providers.Events;

/// <summary>The kinds of provider that tell events. A new one is its folder and its line here.</summary>
public sealed class EventFormats(SnsCertificates certificates)
{
    private readonly Dictionary<string, IEventFormat> formats = new(StringComparer.Ordinal)
    {
        ["sendgrid"] = new SendGridEvents(),
        ["mailgun"] = new MailgunWebhook(),
        ["ses"] = new SesEvents(certificates),
        ["postmark"] = new PostmarkEvents(),
    };

    /// <summary>Kinds that carry no mail.</summary>
    public static readonly IReadOnlySet<string> OnlyEvents = new HashSet<string>(StringComparer.Ordinal)
    {
        "ses",
        "postmark",
    };

    public IReadOnlyCollection<string> Kinds => formats.Keys;

    /// <summary>The settings without which no event of that kind is believed.</summary>
    public static IReadOnlyList<string> SettingsOf(string kind) =>
        kind switch
        {
            "sendgrid" => [nameof(EventOptions.EventsPublicKey)],
            "mailgun" => [nameof(EventOptions.EventsSigningKey)],
            "ses" => [nameof(EventOptions.EventsTopics)],
            "postmark" => [nameof(EventOptions.EventsUser), nameof(EventOptions.EventsPassword)],
            _ => [],
        };

    /// <summary>Those that stand sealed.</summary>
    public static bool IsSecret(string setting) =>
        setting is nameof(EventOptions.EventsSigningKey) or nameof(EventOptions.EventsPassword);

    /// <summary>Null for a kind that tells no events, such as a relay.</summary>
    public IEventFormat? Find(string kind) => formats.GetValueOrDefault(kind);
}
