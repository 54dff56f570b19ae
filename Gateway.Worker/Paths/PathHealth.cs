using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Worker.Paths;

/// <summary>
/// Which paths rest, from what this worker's own attempts came to. A path that is down rests at once, longer each
/// time; after its rest one send may try it while the others wait for that answer.
/// </summary>
public sealed class PathHealth(TimeProvider clock)
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    /// <summary>How long the others wait while one delivery tries a path that just rested.</summary>
    private static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(30);

    /// <summary>Time-outs in a row that count as down (D11).</summary>
    private const int UnknownsInARow = 2;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Seen> seen = [];

    public HealthSnapshot Snapshot()
    {
        lock (gate)
        {
            return seen.Count == 0
                ? HealthSnapshot.AllWell
                : new HealthSnapshot(seen.ToDictionary(s => s.Key, s => s.Value.RestingUntil));
        }
    }

    /// <summary>True where the path may be used by the caller now; after a rest, only the first one may.</summary>
    public bool TryEnter(string path)
    {
        lock (gate)
        {
            if (!seen.TryGetValue(path, out var state) || state.Rests == 0)
            {
                return true;
            }

            if (state.RestingUntil > clock.GetUtcNow())
            {
                return false;
            }

            seen[path] = state with { RestingUntil = clock.GetUtcNow() + TrialTime };
            return true;
        }
    }

    public void Saw(string path, SendResult result)
    {
        // What concerns one message or one sender says nothing of the path.
        if (result.Scope is OutcomeScope.Message or OutcomeScope.Recipient or OutcomeScope.Identity)
        {
            return;
        }

        lock (gate)
        {
            var state = seen.GetValueOrDefault(path);
            switch (result.Outcome)
            {
                case Outcome.PathDown or Outcome.PathBlocked:
                    seen[path] = Rest(state, result.RetryAfter);
                    break;
                case Outcome.PathThrottled:
                    seen[path] = state with
                    {
                        RestingUntil = clock.GetUtcNow() + (result.RetryAfter ?? FirstRest),
                        Rests = Math.Max(state.Rests, 1),
                    };
                    break;
                case Outcome.Unknown when state.Unknowns + 1 >= UnknownsInARow:
                    seen[path] = Rest(state, null);
                    break;
                case Outcome.Unknown:
                    seen[path] = state with { Unknowns = state.Unknowns + 1 };
                    break;
                default:
                    seen.Remove(path);
                    break;
            }
        }
    }

    private Seen Rest(Seen state, TimeSpan? asked)
    {
        var doubled = FirstRest * Math.Pow(2, Math.Min(state.Rests, 10));
        var rest = doubled < LongestRest ? doubled : LongestRest;
        return new Seen(clock.GetUtcNow() + (asked > rest ? asked.Value : rest), state.Rests + 1, Unknowns: 0);
    }

    private readonly record struct Seen(DateTimeOffset RestingUntil, int Rests, int Unknowns);
}
