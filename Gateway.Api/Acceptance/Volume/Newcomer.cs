using Gateway.Tenants;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>A new key that is used from a new network (D24): each alone is daily life, both are what a thief has.</summary>
public sealed record Newcomer(SourceNetwork Network)
{
    /// <summary>A key from its first use, and a network from its first sight, are new for so long.</summary>
    public static readonly TimeSpan NewFor = TimeSpan.FromDays(1);

    /// <summary>
    /// Null where nothing is unusual: the tenant is trusted, the mail is for the sandbox, the key or the network is
    /// known, or where from it comes cannot be told.
    /// </summary>
    public static Newcomer? Of(Caller caller, DateTimeOffset now)
    {
        // The cheapest question first: nearly every key was used a day ago.
        if (!IsNew(caller, now) || caller.Tenant.Trust == "trusted" || caller.Mode != "live")
        {
            return null;
        }

        return caller is { Network: { } network, Tenant.History: { } history } && !history.Knows(network)
            ? new Newcomer(network)
            : null;
    }

    /// <summary>A key that nobody used yet is as new as one can be.</summary>
    public static bool IsNew(Caller caller, DateTimeOffset now) =>
        caller.FirstUsedAt is not { } first || now - first < NewFor;
}
