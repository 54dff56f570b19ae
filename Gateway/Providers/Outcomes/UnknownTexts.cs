namespace Gateway.Providers.Outcomes;

/// <summary>
/// Counts refusals whose words no table knows. One message may be at fault; many distinct ones that hear the same within
/// a minute are not, and the path is to blame. One for each account; safe to share.
/// </summary>
/// <param name="clock">Whose minute it is.</param>
/// <param name="most">Distinct messages with one text in the window that are still each its own fault.</param>
/// <param name="window">How long a refusal counts; one minute unless told.</param>
public sealed class UnknownTexts(TimeProvider clock, int most = UnknownTexts.DefaultMost, TimeSpan? window = null)
{
    public const int DefaultMost = 5;

    /// <summary>Texts remembered at once; a provider that says something new each time does not fill the memory.</summary>
    private const int MaxTexts = 256;

    private readonly TimeSpan window = window ?? TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Dictionary<Guid, DateTimeOffset>> texts = new(StringComparer.Ordinal);

    /// <summary>Notes a refusal; true where more than <c>most</c> messages heard the same within the window.</summary>
    public bool Saw(string text, Guid messageId)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (!texts.TryGetValue(text, out var messages))
            {
                MakeRoom(now);
                texts[text] = messages = [];
            }

            Forget(messages, now);
            if (messages.Count > most && !messages.ContainsKey(messageId))
            {
                // Enough are known; the oldest makes room, so that the memory stays small.
                messages.Remove(messages.MinBy(m => m.Value).Key);
            }

            messages[messageId] = now;
            return messages.Count > most;
        }
    }

    /// <summary>
    /// The result as it is to be read: a refusal of the message by unknown words becomes the path's failure once too many
    /// messages heard it.
    /// </summary>
    public SendResult Judge(SendResult result, Guid messageId) =>
        result.UnknownText is { } text && Saw(text, messageId)
            ? result with
            {
                Outcome = Mail.Outcome.PathDown,
                Scope = Mail.OutcomeScope.Account,
            }
            : result;

    private void MakeRoom(DateTimeOffset now)
    {
        if (texts.Count < MaxTexts)
        {
            return;
        }

        foreach (var (text, messages) in texts.ToArray())
        {
            Forget(messages, now);
            if (messages.Count == 0)
            {
                texts.Remove(text);
            }
        }

        if (texts.Count >= MaxTexts)
        {
            texts.Remove(texts.MinBy(t => t.Value.Values.Max()).Key);
        }
    }

    private void Forget(Dictionary<Guid, DateTimeOffset> messages, DateTimeOffset now)
    {
        foreach (var (message, at) in messages.ToArray())
        {
            if (now - at >= window)
            {
                messages.Remove(message);
            }
        }
    }
}
