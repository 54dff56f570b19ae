using Gateway.Tenants;
using Gateway.Throttling;

namespace Gateway.Api.Throttling;

/// <summary>A tenant's limit with the very subject that a message counts for.</summary>
/// <param name="Scope">As in the table <c>limits</c>: tenant, key, domain, stream, recipient_domain; or month.</param>
/// <param name="Subject">Key id, sending domain, stream or recipient domain; empty for tenant and month.</param>
public sealed record AppliedLimit(string Scope, string Subject, LimitUnit Unit, ThrottleLimit Throttle)
{
    public const string Month = "month";

    /// <summary>
    /// Of a limit by stream, broadcasts never take more: a campaign that waits for days leaves room for a password reset.
    /// </summary>
    private const double BroadcastPart = 0.75;

    public const string Broadcast = "broadcast";

    /// <summary>Recipient domains that one tenant may limit.</summary>
    public const int MostRecipientDomains = 20;

    public long Cap => Throttle.Cap;

    public TimeSpan Window => Throttle.Window;

    /// <summary>The half of a limit by stream that broadcasts are charged to; null where all mail is charged here.</summary>
    public AppliedLimit? Broadcasts { get; init; }

    /// <summary>True for that half itself.</summary>
    public bool IsOfBroadcasts => Throttle.Kind == ThrottleKind.SharedWait;

    public string UnitName => Unit == LimitUnit.Messages ? "messages" : "recipients";

    /// <summary>A name for headers, of letters that a structured field's string may hold.</summary>
    public string Name => IsOfBroadcasts ? WholeName + "-broadcast" : WholeName;

    private string WholeName =>
        Scope == Month ? "month-recipients"
        : Subject.Length == 0 ? $"{Scope}-{UnitName}-{Window.TotalSeconds}s"
        : $"{Scope}-{Subject}-{UnitName}-{Window.TotalSeconds}s";

    /// <summary>As a sentence says it.</summary>
    public string Words =>
        Scope == Month
            ? $"{Cap} recipients in a calendar month (UTC)"
            : $"{Cap} {UnitName} in {Window.TotalSeconds:0} s for {(IsOfBroadcasts ? "broadcasts of " : "")}{Whom}";

    private string Whom =>
        Scope switch
        {
            "tenant" => "this account",
            "key" => $"the key {Subject}",
            "domain" => $"the sending domain {Subject}",
            "stream" => $"the stream {Subject}",
            _ => $"recipients at {Subject}",
        };

    /// <param name="mode">Test mail is counted apart: it must not take from what leaves.</param>
    /// <param name="subject">What the message has where the limit is for each by itself.</param>
    public static AppliedLimit Of(Limit limit, Guid tenant, string mode, string subject)
    {
        var scope = limit.Scope switch
        {
            LimitScope.Tenant => "tenant",
            LimitScope.Key => "key",
            LimitScope.SendingDomain => "domain",
            LimitScope.Stream => "stream",
            _ => "recipient_domain",
        };
        var unit = limit.Unit == LimitUnit.Messages ? 'm' : 'r';
        var seconds = (long)limit.Window.TotalSeconds;
        // One for each and one for this very subject are two limits.
        var each = limit.Subject.Length == 0 ? "*" : "";
        var key = $"gw:limit:{{{tenant:N}}}:{mode}:{scope}:{unit}:{seconds}:{each}{subject}";
        var fromLedger = limit.Window >= ThrottleLimit.LedgerWindow;
        var over = limit is { Over: OverLimit.ByStream, Scope: LimitScope.Stream }
            ? subject == Broadcast
                ? OverLimit.Wait
                : OverLimit.Refuse
            : limit.Over;
        if (over != OverLimit.ByStream)
        {
            var kind = over == OverLimit.Wait ? ThrottleKind.Wait : ThrottleKind.Refuse;
            return new(scope, subject, limit.Unit, new(key, limit.Cap, limit.Window, kind, fromLedger));
        }

        var part = Math.Max(1, (long)(limit.Cap * BroadcastPart));
        var (rest, turns) = (key + ":rest", key + ":turns");
        return new(
            scope,
            subject,
            limit.Unit,
            new(rest, limit.Cap, limit.Window, ThrottleKind.Shared, fromLedger)
            {
                OtherKey = turns,
                OwnCap = limit.Cap - part,
            }
        )
        {
            Broadcasts = new(
                scope,
                subject,
                limit.Unit,
                new(turns, part, limit.Window, ThrottleKind.SharedWait, fromLedger) { OtherKey = rest }
            ),
        };
    }

    public static AppliedLimit OfMonth(long quota, Guid tenant, DateTimeOffset at)
    {
        var key = $"gw:limit:{{{tenant:N}}}:month:{at.UtcDateTime:yyyy-MM}";
        var length = TimeSpan.FromDays(DateTime.DaysInMonth(at.UtcDateTime.Year, at.UtcDateTime.Month));
        return new(
            Month,
            "",
            LimitUnit.Recipients,
            new ThrottleLimit(key, quota, length, ThrottleKind.Month, FromLedger: true)
        );
    }
}
