using Gateway.Api.Problems;
using Gateway.Api.Reading;

namespace Gateway.Api.Events;

/// <summary>What a tenant asks of its events.</summary>
/// <param name="After">Null begins with the oldest event kept, unless <paramref name="FromNow"/>.</param>
/// <param name="Wait">How long the answer may wait for a first event.</param>
internal sealed record EventQuery(EventCursor? After, bool FromNow, int Limit, TimeSpan Wait)
{
    /// <summary>Seconds; proxies end what is silent for longer than a minute.</summary>
    public const int MaxWait = 30;

    public string? Type { get; init; }
    public Guid? Message { get; init; }

    public static EventQuery? Read(IQueryCollection given, out ApiProblem? problem)
    {
        var query = new QueryFields(given);
        var text = query.Text("cursor");
        EventCursor? after = null;
        if (text is not null and not "now")
        {
            if (EventCursor.TryParse(text, out var cursor))
            {
                after = cursor;
            }
            else
            {
                query.Refuse("cursor", text, EventCursor.Accepted);
            }
        }

        var wait = TimeSpan.FromSeconds(query.Number("wait", 0, MaxWait, 0));
        var read = new EventQuery(after, text == "now", query.Limit(), wait)
        {
            Type = query.Text("type"),
            Message = query.Id("message"),
        };
        problem = query.Problem();
        return problem is null ? read : null;
    }
}
