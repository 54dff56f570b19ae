using Gateway.Ledger;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Reading;

/// <summary>The materialised state must be what the events fold to, by lawful steps and without a gap (D5).</summary>
internal static class EventFold
{
    public static async Task AssertHoldsAsync(TestLedger ledger)
    {
        var states = await ledger.QueryAsync<(Guid Id, string State, int Sequence)>(
            "SELECT delivery_id, state, sequence FROM deliveries"
        );
        var events = (
            await ledger.QueryAsync<(Guid Id, int Sequence, string? State)>(
                "SELECT delivery_id, sequence, state FROM events WHERE delivery_id IS NOT NULL ORDER BY delivery_id, sequence"
            )
        ).ToLookup(e => e.Id);
        Assert.Equal(states.Count, events.Count);
        foreach (var (id, state, sequence) in states)
        {
            string? folded = null;
            var expected = 1;
            foreach (var step in events[id])
            {
                Assert.Equal(expected++, step.Sequence);
                if (step.State is not null)
                {
                    Assert.True(DeliveryState.MayFollow(folded, step.State), $"{folded} → {step.State}");
                    folded = step.State;
                }
            }

            Assert.Equal((state, sequence), (folded, expected - 1));
        }
    }
}
