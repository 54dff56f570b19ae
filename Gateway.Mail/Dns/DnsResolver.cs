using System.Collections.Concurrent;

namespace Gateway.Mail.Dns;

/// <summary>
/// A stub resolver: asks recursive servers, believes only what answers its question, and keeps answers as long as their
/// zones allow (RFC 1034 §5.3.1). Thread-safe.
/// </summary>
public sealed class DnsResolver(DnsResolverOptions options, TimeProvider clock) : IDnsResolver, IDisposable
{
    private readonly DnsServers servers = new(options, clock);
    private readonly DnsCache cache = new(clock);
    private readonly SemaphoreSlim places = new(DnsLimits.Questions);
    private readonly ConcurrentDictionary<DnsQuestion, Lazy<Task<DnsAnswer>>> underWay = new();

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer> ResolveAsync(
        DnsQuestion question,
        DnsFreshness freshness,
        CancellationToken cancel
    )
    {
        if (freshness == DnsFreshness.Cached && cache.Find(question) is { } kept)
            return kept;

        // Who asks the same shares one packet: many at once would let a guesser win by any of them (RFC 5452 §5).
        var mine = new Lazy<Task<DnsAnswer>>(() => LookUpAsync(question));
        var shared = underWay.GetOrAdd(question, mine);
        return await shared.Value.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    private async Task<DnsAnswer> LookUpAsync(DnsQuestion question)
    {
        // The budget is the question's own: whoever asked first may leave, and others wait on.
        using var budget = new CancellationTokenSource(options.Budget, clock);
        try
        {
            await places.WaitAsync(budget.Token);
        }
        catch (OperationCanceledException)
        {
            underWay.TryRemove(question, out _);
            return new DnsAnswer.TimedOut();
        }

        try
        {
            var answer = await FollowAsync(question, budget.Token);
            cache.Keep(question, answer);
            return answer;
        }
        finally
        {
            underWay.TryRemove(question, out _);
            places.Release();
        }
    }

    private async Task<DnsAnswer> FollowAsync(DnsQuestion question, CancellationToken cancel)
    {
        var (asked, aliases, ttl) = (question, 0, TimeSpan.MaxValue);
        while (true)
        {
            var (message, failure) = await servers.AskAsync(asked, cancel);
            if (message is null)
                return failure!;

            switch (AnswerWalk.Follow(message, asked, ref aliases, ref ttl))
            {
                case WalkEnd.Answered end:
                    return end.Answer;
                case WalkEnd.AskNext next:
                    asked = asked with { Name = next.Target };
                    break;
            }
        }
    }
}
