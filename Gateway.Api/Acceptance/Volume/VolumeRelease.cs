using Gateway.Api.Messages;
using Gateway.Ledger;
using Gateway.Tenants;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>
/// Who lets go what was held as an unusual volume. Whoever brought it may be a thief with a key that he made himself, so
/// beside the operator only a key that manages and was in use before.
/// </summary>
internal static class VolumeRelease
{
    /// <summary>Why such a delivery was left as it is.</summary>
    public const string Reason = "held_by_operator";

    /// <summary>The same decision, but such holds stay unless this caller may end them.</summary>
    public static Decide Guard(Caller caller, Decide decide) =>
        (message, chosen, byName, now) =>
            MayEnd(caller, now)
                ? decide(message, chosen, byName, now)
                :
                [
                    .. chosen.Where(IsHeld).Select(d => new ChangePlan(d) { Reason = Reason }),
                    .. decide(message, [.. chosen.Where(d => !IsHeld(d))], byName, now),
                ];

    public static bool MayEnd(Caller caller, DateTimeOffset now) =>
        caller.May(Scope.Manage) && !Newcomer.IsNew(caller, now);

    private static bool IsHeld(LockedDelivery delivery) =>
        delivery is { State: DeliveryState.Held, Cause: VolumeWatch.Cause };
}
