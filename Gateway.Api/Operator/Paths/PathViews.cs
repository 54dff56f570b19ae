using System.Text.Json;

namespace Gateway.Api.Operator.Paths;

/// <param name="Origin"><c>configuration</c>: the hosts' settings describe it; <c>operator</c>: this API does.</param>
/// <param name="Settings">Without credentials; empty where the hosts' settings describe it.</param>
/// <param name="Mode">active, draining or off.</param>
/// <param name="Instead">The path that carries its mail while it is off.</param>
/// <param name="Until">When the mode ends by itself.</param>
/// <param name="Probation">How far a new path is admitted; null once it is.</param>
/// <param name="Open">Circuits that are open, as the workers tell each other.</param>
/// <param name="Capabilities">What it can carry, as a worker saw it last; null before its first connection.</param>
/// <param name="Events">Null for a provider that tells none.</param>
public sealed record PathView(
    string Path,
    Guid? Tenant,
    string Provider,
    string Origin,
    JsonElement Settings,
    string Mode,
    string? Instead,
    DateTimeOffset? Until,
    string? Reason,
    ProbationView? Probation,
    IReadOnlyList<OpenCircuitView> Open,
    JsonElement? Capabilities,
    PathEventsView? Events = null
);

/// <summary>How the provider tells what became of the mail.</summary>
/// <param name="UrlPath">Where the provider's webhook is to point, at the public address of the webhooks' host. Secret by its length.</param>
/// <param name="Settings">The settings without which no event is believed.</param>
/// <param name="Missing">Those of them that are not set; null where the hosts' own settings describe the path.</param>
/// <param name="SilentSince">Since when mail is sent over the path and no event comes back; null while they do.</param>
public sealed record PathEventsView(
    string UrlPath,
    IReadOnlyList<string> Settings,
    IReadOnlyList<string>? Missing,
    DateTimeOffset? SilentSince
);

/// <param name="Step">canary, share or ejected.</param>
/// <param name="Share">The part of its traffic that it is given, 0 to 1.</param>
public sealed record ProbationView(string Step, double Share, string? Reason);

/// <param name="Scope">path, identity (one sending domain), stream or remote_domain (one domain of recipients).</param>
/// <param name="Reason">The reply that opened it.</param>
public sealed record OpenCircuitView(
    string Scope,
    string? Subject,
    string Reason,
    DateTimeOffset Since,
    DateTimeOffset RestsUntil
);

public sealed record PathPage(IReadOnlyList<PathView> Items, string? Next);

/// <param name="Type">circuit.opened, circuit.closed, switched, drained, resumed.</param>
public sealed record PathEventView(
    Guid Id,
    string Path,
    string Type,
    DateTimeOffset At,
    string Actor,
    string? Reason,
    JsonElement? Data
);

public sealed record PathEventPage(IReadOnlyList<PathEventView> Items, string? Next);

/// <param name="Path">1 to 40 of a-z, 0-9 and -.</param>
/// <param name="Tenant">Whose own account it is; absent: the platform's.</param>
/// <param name="Provider">smtp, sendgrid, mailgun or sandbox; ses and postmark tell events only, and carry no mail.</param>
/// <param name="Settings">As below <c>Gateway:Paths:NAME</c>: Host, Port, Tls, User, Region, Domain, CanaryFrom, CanaryTo, EventsPublicKey (sendgrid), EventsTopics (ses), EventsUser (postmark) …</param>
/// <param name="Secret">Credentials (Secret, ApiKey, EventsSigningKey (mailgun), EventsPassword (postmark) …), sealed and never shown; absent in a replacement: they stay.</param>
/// <param name="Concurrency">1 to 1000 sends of one worker at once; 32 by default.</param>
public sealed record PathRequest(
    string Path,
    Guid? Tenant,
    string Provider,
    IReadOnlyDictionary<string, string>? Settings,
    IReadOnlyDictionary<string, string>? Secret,
    int? Concurrency,
    string Reason
);

/// <param name="Instead">Takes its mail; absent: the other paths of each route do.</param>
/// <param name="Minutes">After which the path is active again by itself; absent: until it is resumed.</param>
public sealed record SwitchRequest(string? Instead, double? Minutes, string Reason);

public sealed record WeightedPathView(string Path, double Weight);

public sealed record TierView(IReadOnlyList<WeightedPathView> Paths);

/// <param name="Id"><c>default</c> is the hosts' own, changed in their settings.</param>
/// <param name="Place">Rules are asked in this order; tenants' own before the platform's.</param>
public sealed record RouteView(
    string Id,
    Guid? Tenant,
    int Place,
    string? Stream,
    string? FromDomain,
    string? FromAddress,
    string? RecipientDomain,
    string? Tag,
    IReadOnlyList<TierView> Tiers
);

public sealed record RoutePage(IReadOnlyList<RouteView> Items, string? Next);

/// <param name="Place">1 to 1,000,000; one rule a place, for the tenant or for the platform.</param>
/// <param name="FromDomain">A leading <c>*.</c> means its subdomains, and not itself.</param>
/// <param name="Tiers">1 to 10 tiers, each of 1 to 20 paths with weights above 0; a tier is asked when none before it can carry.</param>
public sealed record RouteRequest(
    Guid? Tenant,
    int Place,
    string? Stream,
    string? FromDomain,
    string? FromAddress,
    string? RecipientDomain,
    string? Tag,
    IReadOnlyList<TierView> Tiers,
    string Reason
);

/// <param name="Rule">The rule that decides; null where none matches and the mail waits.</param>
/// <param name="Candidates">Where it would go, best first; for the draw given.</param>
public sealed record ExplainView(
    string? Rule,
    IReadOnlyList<ExplainedPath> Candidates,
    IReadOnlyList<ExplainedPath> Rejected
);

public sealed record ExplainedPath(string Path, string Why);
