using System.Collections.Concurrent;
using Gateway.Mail;
using Gateway.Providers;

namespace Gateway.Worker.Health;

/// <summary>
/// Many hard bounces with the same words on one path are the path's fault until somebody looked: 10 or more of them within
/// 10 minutes, at least a fifth of all that the path did in that time, of two tenants or more (one tenant's bad list is
/// its own). From then on what the path refuses with these words is held, for half an hour after the last one.
/// </summary>
public sealed class BounceBreaker(TimeProvider clock)
{
    private const int Least = 10;
    private const double LeastShare = 0.2;
    private const int LeastTenants = 2;
    private const int Remembered = 500;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FrozenFor = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<string, History> histories = new(StringComparer.Ordinal);

    /// <summary>True where this refusal is one of a cohort that must not bounce.</summary>
    /// <param name="isFirst">True for the one that tripped it.</param>
    public bool Holds(string path, Guid tenant, SendResult result, out bool isFirst)
    {
        isFirst = false;
        var isRefusal =
            result.Outcome is Outcome.RecipientPermanent or Outcome.MessagePermanent or Outcome.ContentRefused;
        if (!isRefusal && result.Outcome != Outcome.Accepted)
        {
            return false;
        }

        var history = histories.GetOrAdd(path, _ => new History());
        lock (history)
        {
            return history.Add(
                isRefusal ? ReplySignature.Of(result.Reply) : "",
                tenant,
                clock.GetUtcNow(),
                out isFirst
            );
        }
    }

    /// <summary>An operator looked at the path: what it says next is believed.</summary>
    public void Forget(string path) => histories.TryRemove(path, out _);

    private sealed class History
    {
        private readonly Queue<(DateTimeOffset At, string Signature, Guid Tenant)> seen = new();
        private readonly Dictionary<string, DateTimeOffset> frozen = new(StringComparer.Ordinal);

        /// <param name="signature">Empty for what was accepted.</param>
        public bool Add(string signature, Guid tenant, DateTimeOffset now, out bool isFirst)
        {
            isFirst = false;
            seen.Enqueue((now, signature, tenant));
            while (seen.Count > Remembered || now - seen.Peek().At > Window)
            {
                seen.Dequeue();
            }

            if (signature.Length == 0)
            {
                return false;
            }

            if (frozen.TryGetValue(signature, out var until) && until > now)
            {
                frozen[signature] = now + FrozenFor;
                return true;
            }

            var alike = seen.Where(s => s.Signature == signature).ToArray();
            if (
                alike.Length < Least
                || alike.Length < LeastShare * seen.Count
                || alike.DistinctBy(s => s.Tenant).Count() < LeastTenants
            )
            {
                return false;
            }

            frozen[signature] = now + FrozenFor;
            isFirst = true;
            return true;
        }
    }
}
