namespace Gateway.Webhooks.Outbound;

/// <summary>
/// A place in a tenant's events, in the order of (transaction, id), by which nothing is skipped that commits late (D9).
/// </summary>
/// <param name="Epoch">Of the cell: a ledger restored elsewhere counts its transactions anew.</param>
/// <param name="Xid">Every event of a lesser transaction was passed.</param>
/// <param name="AfterId">And those of this one up to here.</param>
/// <param name="LastBucket">With <paramref name="LastId"/> the last event passed, by which another epoch finds the place.</param>
/// <param name="LastId">Zero where there was none.</param>
internal readonly record struct EventPlace(int Epoch, ulong Xid, Guid AfterId, Guid LastBucket, Guid LastId)
{
    public static EventPlace After(int epoch, ulong xid, Guid bucket, Guid id) => new(epoch, xid, id, bucket, id);
}
