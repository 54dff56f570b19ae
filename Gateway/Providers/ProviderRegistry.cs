using Gateway.Net;
using Gateway.Providers.Events;
using Gateway.Providers.Mailgun;
using Gateway.Providers.Sandbox;
using Gateway.Providers.SendGrid;
using Gateway.Providers.Ses;
using Gateway.Providers.Smtp;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Gateway.Providers;

/// <summary>What every account may use.</summary>
/// <param name="Ledger">Where the sandbox keeps its inbox.</param>
/// <param name="Addresses">Where accounts may connect to: anywhere for the platform's, public addresses for a tenant's own.</param>
public sealed record ProviderServices(NpgsqlDataSource Ledger, TimeProvider Clock, AddressPolicy Addresses);

/// <summary>The kinds of provider. A new one is its folder and its line here.</summary>
public static class ProviderRegistry
{
    private static readonly Dictionary<string, Factory> Factories = new(StringComparer.Ordinal)
    {
        ["sandbox"] = (_, services, _) => new SandboxProvider(services.Ledger),
        ["smtp"] = Of<SmtpRelayOptions>((options, services) => new SmtpRelayProvider(options, services)),
        ["sendgrid"] = Of<SendGridOptions>((options, services) => new SendGridProvider(options, services)),
        ["mailgun"] = Of<MailgunOptions>((options, services) => new MailgunProvider(options, services)),
        ["ses"] = (_, _, _) => new EventsOnlyAccount(),
        ["postmark"] = (_, _, _) => new EventsOnlyAccount(),
    };

    private static readonly EventFormats Formats = new(
        new SnsCertificates((_, _) => Task.FromResult<byte[]?>(null), TimeProvider.System)
    );

    private delegate IProvider? Factory(IConfiguration settings, ProviderServices services, List<string> problems);

    /// <summary>The names that <c>Provider</c> may have.</summary>
    public static IReadOnlyCollection<string> Kinds => Factories.Keys;

    /// <summary>
    /// The account that a section describes; null with what is wrong with it added to <paramref name="problems"/>.
    /// </summary>
    /// <param name="name">What the problems call the section, such as <c>Gateway:Paths:main</c>.</param>
    /// <param name="settings">Its values; <c>Provider</c> names the kind.</param>
    /// <param name="services">What it may use.</param>
    /// <param name="problems">Where to tell.</param>
    public static IProvider? Create(
        string name,
        IConfiguration settings,
        ProviderServices services,
        ICollection<string> problems
    )
    {
        var kind = settings["Provider"];
        var own = new List<string>();
        IProvider? made = null;
        if (kind is not null && Factories.TryGetValue(kind, out var factory))
        {
            made = factory(settings, services, own);
            if (Formats.Find(kind) is { } format && EventOptions.Read(settings, own) is { } events)
            {
                own.AddRange(format.Problems(events));
            }
        }
        else
        {
            own.Add($"Provider is '{kind}'; it must be {string.Join(", ", Kinds.Order(StringComparer.Ordinal))}");
        }

        foreach (var problem in own)
        {
            problems.Add($"{name}:{problem}");
        }

        return made;
    }

    private static Factory Of<TOptions>(Func<TOptions, ProviderServices, IProvider> create)
        where TOptions : class, IProviderOptions, new() =>
        (settings, services, problems) =>
        {
            TOptions options;
            try
            {
                options = settings.Get<TOptions>() ?? new TOptions();
            }
            catch (InvalidOperationException problem)
            {
                // The binder quotes the value; all but secrets have a form that can be wrong, and secrets are text.
                problems.Add(problem.Message);
                return null;
            }

            problems.AddRange(options.Problems());
            return problems.Count > 0 ? null : create(options, services);
        };
}
