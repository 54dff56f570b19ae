using System.Collections.Frozen;

namespace Gateway.Tenants;

/// <summary>What a door needs to know of a tenant, as it was at one instant.</summary>
public sealed record TenantSnapshot(Guid Id, string Name, FrozenSet<string> VerifiedDomains)
{
    /// <summary>Null while the tenant may send.</summary>
    public DateTimeOffset? SuspendedAt { get; init; }

    /// <summary>Streams that are paused, by an operator or by their own bounces and complaints.</summary>
    public FrozenSet<string> PausedStreams { get; init; } = [];
    public string Plan { get; init; } = "standard";

    /// <summary>trial, normal or trusted (D24).</summary>
    public string Trust { get; init; } = "normal";

    /// <summary>The plan's, with the tenant's own in place of those they equal in all but the cap.</summary>
    public IReadOnlyList<Limit> Limits { get; init; } = [];

    /// <summary>Recipients in a UTC calendar month; null is without bound.</summary>
    public long? MonthQuota { get; init; }
    public TenantSettings Settings { get; init; } = new();

    /// <summary>Whom a trial tenant may write to beside its own domains, by policy key; empty for all others.</summary>
    public FrozenSet<string> ConfirmedRecipients { get; init; } = [];

    /// <summary>Null where it was not read: then nothing is unusual.</summary>
    public SendingHistory? History { get; init; }
    public bool Suspended => SuspendedAt is not null;
}

/// <summary>Who is calling: a tenant, by which key, allowed what. Mode and scopes come from the stored key.</summary>
public sealed record Caller(TenantSnapshot Tenant, string KeyId, string Mode, FrozenSet<string> Scopes)
{
    /// <summary>Sending domains that the key is narrowed to; empty is all of the tenant's.</summary>
    public FrozenSet<string> Domains { get; init; } = [];

    /// <summary>When the key was first used; null where nobody did until the key was read.</summary>
    public DateTimeOffset? FirstUsedAt { get; init; }

    /// <summary>Where this request comes from; null where that cannot be told.</summary>
    public SourceNetwork? Network { get; init; }

    public bool May(string scope) => Scopes.Contains(scope);
}

/// <summary>What a key may be allowed to do.</summary>
public static class Scope
{
    public const string Send = "send";
    public const string Read = "read";
    public const string Manage = "manage";
    public static readonly string[] All = [Send, Read, Manage];
}
