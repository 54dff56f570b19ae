using System.Collections.Concurrent;
using Gateway.Mail;
using Gateway.Providers;

namespace Gateway.Worker.Health;

/// <summary>
/// Many hard bounces of one path are the path's fault until somebody looked, in two forms. <em>Words</em>: 10 or more
/// alike within 10 minutes, at least a fifth of all that the path answered in that time, of two tenants or more (one tenant's
/// bad list is its own); what hears these words there is held, for half an hour after the last one. <em>Path</em>: it
/// refuses all that it is given, 10 in a row of two tenants or of one whose mail another path takes, 50 in a row
/// whoever sent them.
/// </summary>
public sealed class BounceBreaker(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, PathHistory> histories = new(StringComparer.Ordinal);

    public static bool IsRefusal(Outcome outcome) =>
        outcome is Outcome.RecipientPermanent or Outcome.MessagePermanent or Outcome.ContentRefused;

    /// <summary>Counts a result, and says what speaks against believing it.</summary>
    /// <param name="isFirst">True for the one that tripped it.</param>
    /// <param name="isJustBack">
    /// True right after the path's circuit closed. What waited for it comes at once then, and a refusal, given at RCPT, is faster
    /// than an acceptance, given after the content: only fifty in a row, or alike, say something.
    /// </param>
    public Suspicion Saw(string path, Guid tenant, SendResult result, out bool isFirst, bool isJustBack = false)
    {
        isFirst = false;
        var now = clock.GetUtcNow();
        var history = histories.GetOrAdd(path, _ => new PathHistory());
        lock (history)
        {
            if (IsRefusal(result.Outcome))
            {
                return history.Refuse(
                    ReplySignature.Of(result.Reply),
                    tenant,
                    now,
                    () => AnotherTakes(history, tenant, now),
                    isJustBack,
                    out isFirst
                );
            }

            history.SaidElse(result.Outcome, tenant, now);
            return Suspicion.None;
        }
    }

    /// <summary>What is known by now of what the path said then.</summary>
    public Suspicion Of(string path, string reply, DateTimeOffset refusedAt)
    {
        if (!histories.TryGetValue(path, out var history))
        {
            return Suspicion.None;
        }

        lock (history)
        {
            return history.Of(ReplySignature.Of(reply), refusedAt, clock.GetUtcNow());
        }
    }

    /// <summary>Messages that the path accepted since this worker runs.</summary>
    public long AcceptedBy(string path)
    {
        if (!histories.TryGetValue(path, out var history))
        {
            return 0;
        }

        lock (history)
        {
            return history.Accepted;
        }
    }

    /// <summary>Another worker froze these words.</summary>
    public void Freeze(string path, string signature, DateTimeOffset until)
    {
        var history = histories.GetOrAdd(path, _ => new PathHistory());
        lock (history)
        {
            history.Freeze(signature, until);
        }
    }

    /// <summary>An operator looked at the path: what it says next is believed.</summary>
    public void Forget(string path) => histories.TryRemove(path, out _);

    /// <summary>Never waits for a history that another thread holds: two that ask each other would for ever.</summary>
    private bool AnotherTakes(PathHistory asking, Guid tenant, DateTimeOffset now)
    {
        foreach (var other in histories.Values)
        {
            if (other == asking || !Monitor.TryEnter(other))
            {
                continue;
            }

            try
            {
                if (other.Takes(tenant, now))
                {
                    return true;
                }
            }
            finally
            {
                Monitor.Exit(other);
            }
        }

        return false;
    }
}
