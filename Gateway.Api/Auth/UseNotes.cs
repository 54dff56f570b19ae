using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Gateway.Api.Auth;

/// <summary>
/// Remembers that something of a tenant is in use: at most once in a while for each, beside the requests and never in
/// them. What does not fit is dropped: the next request tells it again.
/// </summary>
/// <param name="each">How long one note stands for all that follow.</param>
public abstract class UseNotes<TSubject>(TimeProvider clock, TimeSpan each)
    where TSubject : notnull
{
    /// <summary>More than so many of one moment are told late.</summary>
    private const int Waiting = 4_096;

    /// <summary>About 10 MB; beyond it the memory starts anew.</summary>
    private const int MostSubjects = 100_000;

    private readonly ConcurrentDictionary<(Guid Tenant, TSubject Subject), long> toldAt = new();

    private readonly Channel<Used<TSubject>> told = Channel.CreateBounded<Used<TSubject>>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true }
    );

    internal ChannelReader<Used<TSubject>> Told => told.Reader;

    /// <summary>Costs a look-up in memory.</summary>
    protected void Note(Guid tenant, TSubject subject)
    {
        var now = clock.GetTimestamp();
        if (toldAt.TryGetValue((tenant, subject), out var before) && clock.GetElapsedTime(before, now) < each)
        {
            return;
        }

        if (toldAt.Count >= MostSubjects)
        {
            toldAt.Clear();
        }

        if (told.Writer.TryWrite(new(tenant, subject, clock.GetUtcNow())))
        {
            toldAt[(tenant, subject)] = now;
        }
    }
}

internal readonly record struct Used<TSubject>(Guid Tenant, TSubject Subject, DateTimeOffset At);
