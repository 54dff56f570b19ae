using System.Collections.Frozen;

namespace Gateway.Tenants;

/// <summary>What a tenant usually sends, and from where, as the ledger had it when the tenant was read.</summary>
/// <param name="Networks">
/// Seen for the first time a day ago or longer, and within 30 days; null where they are too many to be told apart.
/// </param>
/// <param name="BusiestHour">Most recipients in an hour of the last 14 days, without <paramref name="Fresh"/> ones.</param>
/// <param name="Hour">The beginning of the running UTC hour.</param>
/// <param name="Fresh">Recipients of new keys from new networks in the running hour, of all replicas.</param>
/// <param name="FreshBefore">The same of the hour before.</param>
public sealed record SendingHistory(
    FrozenSet<SourceNetwork>? Networks,
    long BusiestHour,
    DateTimeOffset Hour,
    long Fresh,
    long FreshBefore
)
{
    /// <summary>A tenant's networks beyond which none is called new.</summary>
    public const int MostNetworks = 1_000;

    public bool Knows(SourceNetwork network) => Networks is null || Networks.Contains(network);
}
