using Gateway.Api.Acceptance;
using Gateway.Throttling;
using Pending = Gateway.Batching.GroupCommit<
    Gateway.Api.Acceptance.Submission,
    Gateway.Api.Acceptance.AcceptanceResult?
>.Pending;

namespace Gateway.Api.Throttling;

/// <summary>
/// The limits of tenants at acceptance: one script for each tenant of a batch, all of them side by side, and none where
/// no limit is agreed.
/// </summary>
public sealed class AcceptanceThrottle(Throttle throttle, LimitSeeds seeds, LimitEvents events, TimeProvider clock)
{
    /// <summary>Limits that messages of one call may name together; further messages make another call.</summary>
    private const int LimitsOfACall = 200;

    /// <summary>Charges a message to what this replica holds of all its limits; false where somebody must be asked.</summary>
    public bool TryAdmit(Submission message)
    {
        var charge = message.Charge!;
        if (charge.DecideHere)
        {
            return false;
        }

        var limits = new ThrottleLimit[charge.Limits.Count];
        var charges = new Charge[limits.Length];
        for (var i = 0; i < limits.Length; i++)
        {
            (limits[i], charges[i]) = (charge.Limits[i].Throttle, new Charge(i, charge.Units[i]));
        }

        var request = new ThrottleRequest(charges);
        if (throttle.TryCharge(limits, request) is not { } outcome)
        {
            return false;
        }

        charge.Receipt = new(limits, outcome.Uses, request, (Decision.Admitted)outcome.Decisions[0]);
        return true;
    }

    /// <summary>Charges all: null to those that may go on, to the others what their limits say.</summary>
    public Task AdmitAsync(IReadOnlyList<Pending> batch, CancellationToken cancel) =>
        Task.WhenAll(batch.GroupBy(p => p.Item.TenantId).Select(t => ChargeAsync([.. t])));

    /// <summary>Gives back what was charged for a message that made no new row.</summary>
    internal Task RefundAsync(ChargeReceipt receipt) =>
        throttle.RefundAsync(receipt.Limits, receipt.Uses, receipt.Request, receipt.Decision);

    private async Task ChargeAsync(Pending[] messages)
    {
        for (var at = 0; at < messages.Length; )
        {
            var call = new ChargeCall();
            var from = at;
            while (
                at < messages.Length
                && messages[at].Item.Charge is var charge
                && (at == from || call.Limits.Count + charge!.Limits.Count + charge.Halves.Count <= LimitsOfACall)
                && charge!.DecideHere == messages[from].Item.Charge!.DecideHere
            )
            {
                call.Add(charge);
                at++;
            }

            await ChargeAsync(call, messages.AsMemory(from, at - from));
        }
    }

    private async Task ChargeAsync(ChargeCall call, ReadOnlyMemory<Pending> messages)
    {
        var limits = call.Limits.Select(l => l.Throttle).ToArray();
        var first = messages.Span[0].Item;
        var outcome = first.Charge!.DecideHere
            ? throttle.Decide(limits, call.Requests)
            : await throttle.ChargeAsync(limits, call.Requests);
        if (outcome.Missing.Count > 0)
        {
            var counting = seeds.CountAsync(
                first.TenantId,
                first.Mode,
                [.. outcome.Missing.Select(place => call.Limits[place])]
            );
            foreach (var pending in messages.Span)
            {
                pending.TrySetResult(new AcceptanceResult.Uncounted(counting));
            }

            return;
        }

        for (var i = 0; i < messages.Length; i++)
        {
            Settle(messages.Span[i], call, limits, outcome, i);
        }

        events.Tell(first.TenantId, call.Limits, outcome.Uses);
    }

    private void Settle(
        Pending pending,
        ChargeCall call,
        IReadOnlyList<ThrottleLimit> limits,
        ThrottleOutcome outcome,
        int place
    )
    {
        var message = pending.Item;
        switch (outcome.Decisions[place])
        {
            case Decision.Refused refused:
                var limit = call.Limits[refused.Limit];
                GatewayTelemetry.Throttled.Add(1, new KeyValuePair<string, object?>("scope", limit.Scope));
                pending.TrySetResult(new AcceptanceResult.Throttled(limit, RetryAfter(limit, refused.OpensIn)));
                break;
            case Decision.Admitted admitted:
                message.Charge!.Receipt = new(limits, outcome.Uses, call.Requests[place], admitted);
                foreach (var turn in admitted.Turns)
                {
                    message.Charge.Delay(message, call.Limits[turn.Limit], turn);
                }

                CountWaits(message.Charge.Waits);
                pending.TrySetResult(null);
                break;
        }
    }

    private TimeSpan RetryAfter(AppliedLimit limit, TimeSpan opensIn)
    {
        if (limit.Scope != AppliedLimit.Month)
        {
            return opensIn;
        }

        var now = clock.GetUtcNow();
        return new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1) - now;
    }

    private static void CountWaits(DeliveryWait?[]? waits)
    {
        foreach (var wait in waits ?? [])
        {
            if (wait is not null)
            {
                var scope = wait.For["limit:".Length..];
                GatewayTelemetry.ThrottleWaits.Add(1, new KeyValuePair<string, object?>("scope", scope));
            }
        }
    }
}
