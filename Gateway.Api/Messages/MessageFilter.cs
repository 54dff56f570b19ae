using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Mail.Addresses;

namespace Gateway.Api.Messages;

/// <summary>What a tenant asks of its messages. Times are bounds of the message id, so that other days are not touched.</summary>
/// <param name="From">Ids from here,</param>
/// <param name="Below">up to but not including this.</param>
internal sealed record MessageFilter(Guid From, Guid Below, int Limit)
{
    /// <summary>A submission's id is drawn just before those of its messages, by the same clock.</summary>
    private static readonly TimeSpan BeforeSubmission = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterSubmission = TimeSpan.FromMinutes(10);

    /// <summary>As <see cref="EmailAddress.Key"/>.</summary>
    public string? RecipientKey { get; init; }
    public string? State { get; init; }
    public string? Path { get; init; }
    public string? Cause { get; init; }

    /// <summary>The states that the filter can only find: the one asked for, or those that the cause can stand beside.</summary>
    public IReadOnlyList<string> States =>
        State is not null ? [State]
        : Cause is not null ? StatesOf(Cause)
        : [];
    public string? Tag { get; init; }
    public Guid? Submission { get; init; }

    /// <summary>No index holds what is asked for: what does not match is looked at too.</summary>
    public bool IsWalk =>
        RecipientKey is null
        && !(States.Count > 0 && States.All(DeliveryState.Failed.Contains))
        && (States.Count > 0 || Path is not null || Cause is not null || Tag is not null || Submission is not null);

    public static MessageFilter? Read(IQueryCollection given, out ApiProblem? problem)
    {
        var query = new QueryFields(given);
        var (since, until, submission) = (query.Time("since"), query.Time("until"), query.Id("submission"));
        var from = since is { } s ? LedgerIds.From(s) : Guid.Empty;
        var below = LedgerIds.Least(IdCursor.Read(query), until is { } u ? LedgerIds.From(u) : LedgerIds.Highest);
        if (submission is { } id)
        {
            from = LedgerIds.Greatest(from, LedgerIds.From(LedgerId.TimeOf(id) - BeforeSubmission));
            below = LedgerIds.Least(below, LedgerIds.From(LedgerId.TimeOf(id) + AfterSubmission));
        }

        var filter = new MessageFilter(from, below, query.Limit())
        {
            RecipientKey = ReadRecipient(query),
            State = query.OneOf("state", DeliveryState.All),
            Path = query.Text("path"),
            Cause = query.Text("cause"),
            Tag = query.Text("tag"),
            Submission = submission,
        };
        problem = query.Problem();
        return problem is null ? filter : null;
    }

    /// <summary>Most mail is sent, and has one cause at most: every other cause is found among what is not.</summary>
    private static IReadOnlyList<string> StatesOf(string cause) =>
        cause switch
        {
            "final" => [DeliveryState.Sent],
            // Back in the queue by a bounce that was the path's fault, or parked by it.
            "path_bounce" => [],
            _ => DeliveryState.Failed,
        };

    private static string? ReadRecipient(QueryFields query)
    {
        if (query.Text("recipient") is not { } text)
        {
            return null;
        }

        if (EmailAddress.TryParse(text, out var address, out var error))
        {
            return address.Key;
        }

        query.Refuse("recipient", text, "one address such as ann@example.com: " + error.Message);
        return null;
    }
}
