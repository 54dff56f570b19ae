using Microsoft.Extensions.Configuration;
using ProviderEmulators.Faults;

namespace ProviderEmulators;

/// <summary>One emulated account: its faults, what it took, and where it listens. Dispose of it to stop listening.</summary>
public abstract class EmulatedProvider : IAsyncDisposable
{
    public abstract string Name { get; }

    public FaultSwitch Faults { get; } = new();

    public MailStore Store { get; } = new();

    /// <summary>Where its API is; null where it has none.</summary>
    public Uri? Api { get; protected set; }

    /// <summary>Where its submission server listens, on the loopback.</summary>
    public int SmtpPort { get; protected set; }

    /// <summary>Domains whose mail it sends; empty for any.</summary>
    public HashSet<string> VerifiedDomains { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The incidents that a person can play by name.</summary>
    public abstract IReadOnlyDictionary<string, Fault> Scenarios { get; }

    public abstract ValueTask DisposeAsync();

    /// <summary>True for an address whose domain it would send from.</summary>
    protected internal bool IsVerified(string from) =>
        VerifiedDomains.Count == 0 || VerifiedDomains.Contains(from[(from.LastIndexOf('@') + 1)..].Trim('>', ' '));
}

/// <summary>Where an emulated provider listens.</summary>
public sealed record EmulatorPorts
{
    /// <summary>0 for a free one.</summary>
    public int Http { get; init; }

    /// <summary>0 for a free one.</summary>
    public int Smtp { get; init; }

    /// <summary>Off serves plain HTTP; SMTP then does not offer STARTTLS.</summary>
    public bool Tls { get; init; } = true;

    /// <summary>Off speaks HTTP/1.1 only.</summary>
    public bool Http2 { get; init; } = true;

    /// <summary>SMTP with TLS from the first byte.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>From <c>NAME</c>, <c>NAMESmtp</c> and <c>tls</c>.</summary>
    public static EmulatorPorts Read(IConfiguration settings, string name) =>
        new()
        {
            Http = settings.GetValue(name, 0),
            Smtp = settings.GetValue(name + "Smtp", 0),
            Tls = settings.GetValue("tls", true),
        };
}
