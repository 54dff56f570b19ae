namespace Gateway.Ledger;

/// <summary>The states of a delivery as they stand in SQL, JSON and filters: one bare word; the cause stands beside it.</summary>
public static class DeliveryState
{
    public const string Queued = "queued";
    public const string Sending = "sending";
    public const string Sent = "sent";
    public const string Delivered = "delivered";
    public const string Deferred = "deferred";
    public const string Held = "held";
    public const string Unknown = "unknown";
    public const string Bounced = "bounced";
    public const string Suppressed = "suppressed";
    public const string Expired = "expired";
    public const string Cancelled = "cancelled";

    public static readonly IReadOnlyList<string> All =
    [
        Queued,
        Sending,
        Sent,
        Delivered,
        Deferred,
        Held,
        Unknown,
        Bounced,
        Suppressed,
        Expired,
        Cancelled,
    ];

    /// <summary>
    /// What somebody may look for, rare beside what is well: the column <c>deliveries.failed</c> repeats these states, and
    /// is indexed.
    /// </summary>
    public static readonly IReadOnlyList<string> Failed =
    [
        Deferred,
        Held,
        Unknown,
        Bounced,
        Suppressed,
        Expired,
        Cancelled,
    ];

    /// <summary>Nothing more will be done for it unless somebody resends it or a late bounce corrects it.</summary>
    public static bool IsEnd(string state) => state is Delivered or Bounced or Suppressed or Expired or Cancelled;

    /// <summary>
    /// The state table (docs/architecture.md). <c>null</c> is the state before acceptance. A delivery that stays where
    /// it is has no transition: its event carries no state.
    /// </summary>
    public static bool MayFollow(string? from, string to) =>
        from switch
        {
            // Held from birth: an unusual volume.
            null => to is Queued or Suppressed or Held,
            // Deadlines, suspensions and cancellations reach a delivery that nobody is sending; and the news that an
            // earlier attempt of unknown fate arrived after all.
            Queued => to is Sending or Deferred or Held or Delivered or Suppressed or Expired or Cancelled,
            Deferred => to
                is Sending
                    or Deferred
                    or Queued
                    or Held
                    or Delivered
                    or Bounced
                    or Suppressed
                    or Expired
                    or Cancelled,
            Sending => to is Sent or Delivered or Deferred or Held or Unknown or Bounced or Expired or Queued,
            // The truth may still come: by look-up, by event, by a late reply; else the tenant's policy decides.
            Unknown => to
                is Sending
                    or Sent
                    or Delivered
                    or Deferred
                    or Queued
                    or Held
                    or Bounced
                    or Suppressed
                    or Expired
                    or Cancelled,
            Held => to is Queued or Delivered or Cancelled or Expired,
            // A path's own failure reported late brings it back; it never becomes the tenant's bounce.
            Sent => to is Delivered or Bounced or Queued or Held,
            Delivered => to is Bounced,
            _ => false,
        };
}
