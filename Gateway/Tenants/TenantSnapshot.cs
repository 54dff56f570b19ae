using System.Collections.Frozen;

namespace Gateway.Tenants;

/// <summary>What a door needs to know of a tenant, as it was at one instant.</summary>
public sealed record TenantSnapshot(Guid Id, string Name, bool Suspended, FrozenSet<string> VerifiedDomains);

/// <summary>Who is calling: a tenant, by which key, allowed what. Mode and scopes come from the stored key.</summary>
public sealed record Caller(TenantSnapshot Tenant, string KeyId, string Mode, FrozenSet<string> Scopes)
{
    public bool May(string scope) => Scopes.Contains(scope);
}

/// <summary>What a key may be allowed to do.</summary>
public static class Scope
{
    public const string Send = "send";
    public const string Read = "read";
    public const string Manage = "manage";
}
