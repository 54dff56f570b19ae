using Gateway.Cohorts;
using Gateway.Ledger;

namespace Gateway.Api.Messages;

/// <summary>
/// Sends again what failed, each as a new delivery at the next free place. A delivery is sent again once: the same call
/// after a lost answer makes no second copy, and a failed resend is itself what can be sent again.
/// </summary>
internal static class Resending
{
    public const string Resent = "resent";

    public static Decide As(Asker asker) =>
        (message, chosen, byName, now) => Decide(message, chosen, d => WhyNot(message, d, asker, byName, now));

    private static List<ChangePlan> Decide(
        LockedMessage message,
        IReadOnlyList<LockedDelivery> chosen,
        Func<LockedDelivery, string?> whyNot
    )
    {
        var place = message.NextPlace;
        var plans = new List<ChangePlan>(chosen.Count);
        foreach (var delivery in chosen)
        {
            var reason = whyNot(delivery);
            if (reason is null && place > LedgerId.MaxPlace)
            {
                reason = ChangeReason.TooManyDeliveries;
            }

            plans.Add(
                reason is null
                    ? Resend(delivery, LedgerId.Delivery(message.Id, place++))
                    : new ChangePlan(delivery) { Reason = reason }
            );
        }

        return plans;
    }

    private static ChangePlan Resend(LockedDelivery delivery, Guid newId)
    {
        var plan = new ChangePlan(delivery) { ResentAs = newId };
        // A release of the held one would send it twice.
        return delivery.State == DeliveryState.Held
            ? plan with
            {
                State = DeliveryState.Cancelled,
                Cause = Resent,
                Event = DeliveryState.Cancelled,
            }
            : plan;
    }

    private static string? WhyNot(
        LockedMessage message,
        LockedDelivery delivery,
        Asker asker,
        bool byName,
        DateTimeOffset now
    ) =>
        ChangeRule.WhyNotResend(
            delivery.Facts with
            {
                WasResent = message.WasResent(delivery),
                HasContent = message.HasContent,
                IsLate = message.Deadline <= now,
            },
            asker,
            // One bounce among ten must not send the other nine again: these only where the caller names them.
            maySendTwice: byName && delivery.IsSentForGood
        );
}
