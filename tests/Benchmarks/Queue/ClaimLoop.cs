using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Worker.Delivery;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Benchmarks.Queue;

/// <summary>The two ends of a Worker's loop without what lies between: it claims, and records that each was sent.</summary>
internal sealed class ClaimLoop : IAsyncDisposable
{
    private static readonly SendResult Taken = new(Outcome.Accepted, OutcomeScope.None, "FinalDot", "250 2.0.0 taken");
    private static readonly NextStep Sent = new(DeliveryState.Sent, "final");
    private readonly SemaphoreSlim places;
    private readonly DeliveryQueue queue;
    private readonly AttemptJournal journal;
    private readonly int atOnce;
    private readonly int allPlaces;
    private long done;

    /// <param name="atOnce">Deliveries of one claim.</param>
    /// <param name="places">Deliveries claimed and not yet recorded.</param>
    public ClaimLoop(NpgsqlDataSource ledger, int atOnce = 256, int places = 1_024)
    {
        (this.atOnce, allPlaces) = (atOnce, places);
        this.places = new SemaphoreSlim(places);
        queue = new DeliveryQueue(ledger, TimeProvider.System);
        journal = new AttemptJournal(
            ledger,
            new WorkerSignals(),
            TimeProvider.System,
            NullLogger<AttemptJournal>.Instance
        );
    }

    /// <summary>Deliveries recorded.</summary>
    public long Done => Interlocked.Read(ref done);

    /// <summary>Ends when told to, or when nothing is due any more.</summary>
    public async Task RunAsync(Func<bool> goesOn)
    {
        while (goesOn())
        {
            for (var i = 0; i < atOnce; i++)
            {
                await places.WaitAsync();
            }

            var claims = await queue.ClaimAsync(atOnce, CancellationToken.None);
            if (claims.Count < atOnce)
            {
                places.Release(atOnce - claims.Count);
            }

            foreach (var claim in claims)
            {
                _ = RecordAsync(claim);
            }

            if (claims.Count == 0 && places.CurrentCount == allPlaces)
            {
                break;
            }
        }

        for (var i = 0; i < allPlaces; i++)
        {
            await places.WaitAsync();
        }

        places.Release(allPlaces);
    }

    public ValueTask DisposeAsync() => journal.DisposeAsync();

    private async Task RecordAsync(Claim claim)
    {
        await journal.RecordAsync(new RecordItem(claim, 0, null, Taken, Sent));
        Interlocked.Increment(ref done);
        places.Release();
    }
}
