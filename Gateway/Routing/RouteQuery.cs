using System.Collections.Immutable;
using Gateway.Providers;

namespace Gateway.Routing;

/// <summary>One delivery's question: whose mail it is, what it needs, and where it must not go again at once.</summary>
public sealed record RouteQuery
{
    public required Guid Tenant { get; init; }

    /// <summary>live or test.</summary>
    public required string Mode { get; init; }
    public required string Stream { get; init; }
    public required string FromAddress { get; init; }
    public required string FromDomain { get; init; }
    public required string RecipientDomain { get; init; }
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Bytes of the message as it was accepted.</summary>
    public required long Size { get; init; }
    public MailNeeds Needs { get; init; }

    /// <summary>The path that failed this very delivery a moment ago: taken only if nothing else is left.</summary>
    public string? FailedPath { get; init; }

    /// <summary>Paths that refused it for a fault of their own, or that a resend must avoid: never taken.</summary>
    public ImmutableArray<string> Avoid { get; init; } = [];

    /// <summary>The one path that may carry it, whatever the rules say: an operator sends it again over this one.</summary>
    public string? PinnedPath { get; init; }
    public required DateTimeOffset Now { get; init; }
}
