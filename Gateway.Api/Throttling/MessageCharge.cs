using Gateway.Api.Acceptance;
using Gateway.Tenants;
using Gateway.Throttling;

namespace Gateway.Api.Throttling;

/// <summary>A delivery that goes later than it could.</summary>
/// <param name="For">As in <c>deliveries.waiting_for</c>: <c>limit:</c> and the scope.</param>
public sealed record DeliveryWait(TimeSpan In, string For);

/// <summary>What one message takes of its tenant's limits, and what came of asking for it.</summary>
internal sealed class MessageCharge
{
    private readonly List<AppliedLimit> limits = [];
    private readonly List<AppliedLimit> halves = [];
    private readonly List<long> units = [];

    /// <summary>What it is charged to.</summary>
    public IReadOnlyList<AppliedLimit> Limits => limits;

    /// <summary>The other halves of limits by stream: nothing is charged to them, and they decide with.</summary>
    public IReadOnlyList<AppliedLimit> Halves => halves;

    public IReadOnlyList<long> Units => units;

    /// <summary>True where nobody could count the limit's past: this replica's part holds for this message.</summary>
    public bool DecideHere { get; set; }

    /// <summary>By place (from 0); null where a delivery may go now, and the whole where all may.</summary>
    public DeliveryWait?[]? Waits { get; set; }

    /// <summary>For giving it back; null until it was admitted.</summary>
    public ChargeReceipt? Receipt { get; set; }

    /// <summary>Null where no limit is agreed that the message counts for.</summary>
    public static MessageCharge? Of(Submission message)
    {
        if (message.Tenant is not { } tenant || (tenant.Limits.Count == 0 && tenant.MonthQuota is null))
        {
            return null;
        }

        var charge = new MessageCharge();
        var agreed = LimitSet.Of(tenant);
        foreach (var (limit, recipients) in agreed.For(message))
        {
            var cost = limit.Unit == LimitUnit.Messages ? 1 : recipients;
            if (limit.Broadcasts is not { } turns)
            {
                charge.Add(limit, cost);
                continue;
            }

            var isBroadcast = message.Stream == AppliedLimit.Broadcast;
            charge.Add(isBroadcast ? turns : limit, cost);
            charge.halves.Add(isBroadcast ? limit : turns);
        }

        // Test mail never leaves, so it is none of the month's.
        if (message.Mode == "live" && agreed.Month(message.AcceptedAt) is { } month)
        {
            charge.Add(month, message.Recipients.Count);
        }

        return charge.limits.Count == 0 ? null : charge;
    }

    /// <summary>The limit that could never hold the message, and what it would take of it.</summary>
    public (AppliedLimit Limit, long Units)? TooLarge
    {
        get
        {
            for (var i = 0; i < limits.Count; i++)
            {
                if (units[i] > limits[i].Cap)
                {
                    return (limits[i], units[i]);
                }
            }

            return null;
        }
    }

    /// <summary>Each delivery that a limit counts gets its turn; of several the latest.</summary>
    public void Delay(Submission message, AppliedLimit limit, Turn turn)
    {
        Waits ??= new DeliveryWait?[message.Recipients.Count];
        var counted = 0;
        for (var place = 0; place < Waits.Length; place++)
        {
            if (
                limit.Scope == "recipient_domain"
                && !LimitSet
                    .DomainOf(message.Recipients[place])
                    .Equals(limit.Subject, StringComparison.OrdinalIgnoreCase)
            )
            {
                continue;
            }

            var wait = limit.Unit == LimitUnit.Recipients ? turn.In + (turn.Step * counted++) : turn.In;
            if (Waits[place] is not { } other || other.In < wait)
            {
                Waits[place] = new DeliveryWait(wait, $"limit:{limit.Scope}");
            }
        }
    }

    private void Add(AppliedLimit limit, long cost)
    {
        // A plan's limit and a trial's may differ in nothing but the cap: they are one count, and the lower one holds.
        var same = limits.FindIndex(l => l.Throttle.Key == limit.Throttle.Key);
        if (same < 0)
        {
            limits.Add(limit);
            units.Add(cost);
        }
        else if (limit.Cap < limits[same].Cap)
        {
            limits[same] = limit;
        }
    }
}

/// <summary>Where a message was counted.</summary>
internal sealed record ChargeReceipt(
    IReadOnlyList<ThrottleLimit> Limits,
    IReadOnlyList<LimitUse> Uses,
    ThrottleRequest Request,
    Decision.Admitted Decision
);
