using Gateway.Api.Acceptance;
using Gateway.Throttling;
using Pending = Gateway.Batching.GroupCommit<
    Gateway.Api.Acceptance.Submission,
    Gateway.Api.Acceptance.AcceptanceResult
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

    /// <summary>Answers those that a limit refuses, and returns the others in their order, charged.</summary>
    public async Task<IReadOnlyList<Pending>> AdmitAsync(IReadOnlyList<Pending> batch)
    {
        var tenants = batch.Where(p => p.Item.Charge is not null).GroupBy(p => p.Item.TenantId).ToArray();
        if (tenants.Length == 0)
        {
            return batch;
        }

        await Task.WhenAll(tenants.Select(t => ChargeAsync([.. t])));
        return [.. batch.Where(p => !p.Task.IsCompleted)];
    }

    /// <summary>Gives back what was charged for messages that made no new row.</summary>
    public async Task RefundAsync(IEnumerable<Submission> messages) =>
        await Task.WhenAll(
            messages
                .Where(m => m.Charge?.Receipt is not null)
                .Select(m =>
                {
                    var receipt = m.Charge!.Receipt!;
                    return throttle.RefundAsync(receipt.Limits, receipt.Uses, receipt.Request, receipt.Decision);
                })
        );

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
