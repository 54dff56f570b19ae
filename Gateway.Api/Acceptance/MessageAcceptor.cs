using System.Security.Cryptography;
using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Telemetry;
using Gateway.Api.Throttling;
using Gateway.Batching;
using Gateway.Database;
using Gateway.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Pending = Gateway.Batching.GroupCommit<
    Gateway.Api.Acceptance.Submission,
    Gateway.Api.Acceptance.AcceptanceResult
>.Pending;

namespace Gateway.Api.Acceptance;

/// <summary>
/// The one way into the ledger. A result of <see cref="AcceptanceResult.Accepted"/> means committed and synced: whatever
/// dies next, the message is there (I1).
/// </summary>
public sealed class MessageAcceptor : IAsyncDisposable
{
    /// <summary>Bytes of messages that a replica holds while they wait for their commit.</summary>
    public const long MaxBytesInFlight = 256L << 20;

    /// <summary>Messages that wait for their commit: what the queue takes, so that nobody queues for the queue.</summary>
    public const int MaxInFlight = 16_384;

    /// <summary>
    /// Nobody waits longer. What is not known by then is answered 503, and the same key may ask again; the write itself
    /// goes on, and finds that key or makes it.
    /// </summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(4.5);

    private static readonly TimeSpan LookUpFor = TimeSpan.FromSeconds(5);

    /// <summary>Commits on their way at once (D2).</summary>
    private const int Commits = 2;

    /// <summary>Calls to Redis on their way at once.</summary>
    private const int Calls = 2;

    /// <summary>After so many counts of a limit's past that did not help, this replica's part of it holds.</summary>
    private const int MostCounts = 2;

    private readonly NpgsqlDataSource ledger;
    private readonly WakeUp wakeUp;
    private readonly TimeProvider clock;
    private readonly AcceptanceThrottle? throttle;
    private readonly VolumeWatch? volumes;

    /// <summary>Before the commit, so that the way to Redis is none of the writers' time.</summary>
    private readonly GroupCommit<Submission, AcceptanceResult?>? charges;
    private readonly GroupCommit<Submission, AcceptanceResult> commits;
    private long bytesInFlight;
    private int inFlight;

    public MessageAcceptor(
        [FromKeyedServices(LedgerRole.Accept)] NpgsqlDataSource ledger,
        WakeUp wakeUp,
        TimeProvider clock,
        AcceptanceThrottle? throttle = null,
        VolumeWatch? volumes = null
    )
    {
        (this.ledger, this.wakeUp, this.clock) = (ledger, wakeUp, clock);
        (this.throttle, this.volumes) = (throttle, volumes);
        charges = throttle is null ? null : new(throttle.AdmitAsync, new() { InFlight = Calls });
        commits = new(FlushAsync, new() { SizeOf = m => m.Content.Length, InFlight = Commits });
    }

    public async Task<AcceptanceResult> AcceptAsync(Submission message)
    {
        message.Charge = throttle is null ? null : MessageCharge.Of(message);
        if (message.Charge?.TooLarge is var (limit, units))
        {
            return new AcceptanceResult.TooLargeForLimit(limit, units);
        }

        var bytes = Interlocked.Add(ref bytesInFlight, message.Content.Length);
        if (Interlocked.Increment(ref inFlight) > MaxInFlight || bytes > MaxBytesInFlight)
        {
            Release(message);
            return new AcceptanceResult.Unavailable("too many messages are waiting for their commit");
        }

        var commit = CommitAsync(message);
        try
        {
            return await commit.WaitAsync(AnswerWithin, clock);
        }
        catch (TimeoutException) when (!commit.IsCompleted)
        {
            return new AcceptanceResult.Unavailable($"the ledger did not take the message within {AnswerWithin}");
        }
    }

    private async Task<AcceptanceResult> CommitAsync(Submission message)
    {
        var ticket = volumes?.Take(message);
        AcceptanceResult result = new AcceptanceResult.Unavailable("the commit broke off");
        try
        {
            DoorTelemetry.Name(message.TenantId, message.MessageId);
            result = await ChargeAsync(message) ?? await commits.WriteAsync(message);
            if (result is not AcceptanceResult.Accepted { Replayed: false } && message.Charge?.Receipt is { } receipt)
            {
                // Only what was stored now counts: not a replay, nor what was refused or failed (D3).
                await throttle!.RefundAsync(receipt);
            }

            DoorTelemetry.Count(message, result);
            return result;
        }
        finally
        {
            // Only now is the message no longer in flight, whoever still waited for it.
            Release(message);
            if (ticket is not null)
            {
                volumes!.Settle(message, ticket, result);
            }
        }
    }

    /// <summary>Null where the message may go on.</summary>
    private async Task<AcceptanceResult?> ChargeAsync(Submission message)
    {
        if (message.Charge is null || throttle!.TryAdmit(message))
        {
            return null;
        }

        for (var counts = 1; ; counts++)
        {
            var result = await charges!.WriteAsync(message);
            if (result is not AcceptanceResult.Uncounted uncounted)
            {
                return result;
            }

            // Waited for here, apart from the batch: others' mail goes on meanwhile.
            message.Charge.DecideHere = !await uncounted.Counting || counts > MostCounts;
        }
    }

    private void Release(Submission message)
    {
        Interlocked.Add(ref bytesInFlight, -message.Content.Length);
        Interlocked.Decrement(ref inFlight);
    }

    public async ValueTask DisposeAsync()
    {
        if (charges is not null)
        {
            await charges.DisposeAsync();
        }

        await commits.DisposeAsync();
    }

    private async Task FlushAsync(IReadOnlyList<Pending> batch, CancellationToken cancel)
    {
        while (batch.Count > 0)
        {
            var (firsts, repeats) = JoinEqualKeys(batch);
            await StoreAsync(firsts, cancel);
            var open = new List<Pending>();
            foreach (var (repeat, first) in repeats)
            {
                if (Repeat(repeat.Item, first.Item, await first.Task) is { } result)
                {
                    repeat.TrySetResult(result);
                }
                else
                {
                    open.Add(repeat);
                }
            }

            // Each round settles at least one of every key.
            batch = open;
        }
    }

    /// <summary>Equal keys of one batch are joined here: one statement cannot claim a row twice.</summary>
    private static (List<Pending> Firsts, List<(Pending Repeat, Pending First)> Repeats) JoinEqualKeys(
        IReadOnlyList<Pending> batch
    )
    {
        var firsts = new List<Pending>(batch.Count);
        var repeats = new List<(Pending, Pending)>();
        var keys = new Dictionary<(Guid, string), Pending>();
        foreach (var pending in batch)
        {
            if (pending.Item.Idempotency is { } claim && !keys.TryAdd((pending.Item.TenantId, claim.Key), pending))
            {
                repeats.Add((pending, keys[(pending.Item.TenantId, claim.Key)]));
            }
            else
            {
                firsts.Add(pending);
            }
        }

        return (firsts, repeats);
    }

    /// <summary>What the first one's result says of another request with its key, or null where it says nothing.</summary>
    private static AcceptanceResult? Repeat(Submission repeat, Submission first, AcceptanceResult result) =>
        (result, SameRequest(repeat, first.Idempotency!.RequestHash)) switch
        {
            (AcceptanceResult.Accepted accepted, true) => accepted with { Replayed = true },
            (AcceptanceResult.Accepted, false) => new AcceptanceResult.KeyReused(),
            // The first lost to an earlier request, or its own content was at fault: another body may fare better.
            (AcceptanceResult.KeyReused or AcceptanceResult.Refused, false) => null,
            _ => result,
        };

    private async Task StoreAsync(IReadOnlyList<Pending> batch, CancellationToken cancel)
    {
        if (batch.Count == 0)
        {
            return;
        }

        NpgsqlConnection connection;
        try
        {
            connection = await ledger.OpenConnectionAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            // Nothing was sent, so nothing needs to be looked up.
            foreach (var pending in batch)
            {
                pending.TrySetResult(new AcceptanceResult.Unavailable(problem.Message));
            }

            return;
        }

        try
        {
            await using (connection)
            {
                await WriteAsync(connection, batch, cancel);
            }

            wakeUp.Ring();
        }
        catch (PostgresException problem) when (IsDataFault(problem))
        {
            await SplitAsync(batch, problem, cancel);
        }
        catch (Exception problem)
        {
            // Before or after the commit? Only the ledger knows, whatever it was that ended the conversation with it.
            await ResolveAsync(batch, problem);
        }
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Pending> batch,
        CancellationToken cancel
    )
    {
        using var commit = new CommitSpan("accept", batch.Count);
        var messages = batch.Select(p => p.Item).ToArray();
        var accepted = new Dictionary<Guid, IReadOnlySet<int>>();
        var winners = new Dictionary<(Guid, string), Winner>();
        await using (var statement = AcceptanceStatement.Build(connection, messages))
        {
            await using var reader = await statement.ExecuteReaderAsync(cancel);
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                accepted[reader.GetGuid(0)] = Places(reader.GetFieldValue<short[]>(1));
            }

            while (await reader.NextResultAsync(cancel))
            {
                while (await reader.ReadAsync(cancel))
                {
                    winners[(reader.GetGuid(0), reader.GetString(1))] = new(
                        reader.GetFieldValue<byte[]>(2),
                        reader.GetGuid(3),
                        Places(reader.GetFieldValue<short[]>(4)),
                        reader.IsDBNull(5) ? null : reader.GetString(5)
                    );
                }
            }
        }

        // Only now, with the reader drained, has the transaction committed.
        foreach (var pending in batch)
        {
            pending.TrySetResult(ResultOf(pending.Item, accepted, winners));
        }
    }

    private static AcceptanceResult ResultOf(
        Submission message,
        Dictionary<Guid, IReadOnlySet<int>> accepted,
        Dictionary<(Guid, string), Winner> winners
    )
    {
        if (accepted.TryGetValue(message.MessageId, out var suppressed))
        {
            return new AcceptanceResult.Accepted(message.MessageId, suppressed, Replayed: false)
            {
                Waits = message.Charge?.Waits,
                HeldFor = message.HeldFor,
            };
        }

        return winners.TryGetValue((message.TenantId, message.Idempotency!.Key), out var winner)
            ? SameRequest(message, winner.Hash)
                ? new AcceptanceResult.Accepted(winner.MessageId, winner.Suppressed, Replayed: true)
                {
                    HeldFor = winner.HeldFor,
                }
                : new AcceptanceResult.KeyReused()
            : new AcceptanceResult.Unavailable("the idempotency key expired between two reads");
    }

    private static bool SameRequest(Submission message, byte[] hash) =>
        CryptographicOperations.FixedTimeEquals(message.Idempotency!.RequestHash, hash);

    private static IReadOnlySet<int> Places(short[] places) =>
        places.Length == 0 ? NoPlaces : places.Select(p => (int)p).ToHashSet();

    private static readonly HashSet<int> NoPlaces = [];

    /// <summary>Class 22 (data exception) and 23 (constraint): somebody's content, never our state.</summary>
    private static bool IsDataFault(PostgresException problem) =>
        problem.SqlState.StartsWith("22", StringComparison.Ordinal)
        || problem.SqlState.StartsWith("23", StringComparison.Ordinal);

    /// <summary>Halves the batch until the guilty message stands alone; all others are stored.</summary>
    private async Task SplitAsync(IReadOnlyList<Pending> batch, PostgresException problem, CancellationToken cancel)
    {
        if (batch.Count == 1)
        {
            batch[0]
                .TrySetResult(
                    // A day without partition (SQLSTATE 23514) is upkeep that did not run: ours to mend, not the caller's.
                    problem.SqlState == PostgresErrorCodes.CheckViolation
                        ? new AcceptanceResult.Unavailable("the ledger has no partition for today")
                        : new AcceptanceResult.Refused(problem.SqlState, problem.MessageText)
                );
            return;
        }

        var half = batch.Count / 2;
        await StoreAsync([.. batch.Take(half)], cancel);
        await StoreAsync([.. batch.Skip(half)], cancel);
    }

    /// <summary>The connection died around the commit: asks the ledger on a new one which messages it holds.</summary>
    private async Task ResolveAsync(IReadOnlyList<Pending> batch, Exception problem)
    {
        var present = await CommitLookUp.FindAsync(ledger, [.. batch.Select(p => p.Item)], LookUpFor, clock);
        foreach (var pending in batch)
        {
            pending.TrySetResult(
                present?.TryGetValue(pending.Item.MessageId, out var suppressed) == true
                    ? new AcceptanceResult.Accepted(pending.Item.MessageId, suppressed, Replayed: false)
                    {
                        Waits = pending.Item.Charge?.Waits,
                        HeldFor = pending.Item.HeldFor,
                    }
                    : new AcceptanceResult.Unavailable(problem.Message)
            );
        }
    }

    /// <summary>The earlier request that an idempotency key belongs to, and what it was answered.</summary>
    private sealed record Winner(byte[] Hash, Guid MessageId, IReadOnlySet<int> Suppressed, string? HeldFor);
}
