using System.Collections.Concurrent;

namespace SystemTests.History;

/// <summary>One question to a door and what came back.</summary>
/// <param name="Status">The HTTP status; 0 where no answer came.</param>
internal sealed record Answer(string Key, string BodyHash, int Status, Guid? Message, DateTimeOffset At, TimeSpan Took)
{
    public bool IsAcknowledged => Status is 200 or 202;
    public bool IsRefused => Status is >= 400 and < 500;
}

/// <summary>Every answer that the producers of a run had.</summary>
internal sealed class AnswerLog
{
    public ConcurrentQueue<Answer> Answers { get; } = new();

    /// <summary>Keys whose recipient does not exist: the only ones that may bounce.</summary>
    public ConcurrentDictionary<string, bool> Gone { get; } = new(StringComparer.Ordinal);

    /// <summary>One line an answer, as it came.</summary>
    public IEnumerable<string> Lines =>
        Answers.Select(a => $"{a.At:HH:mm:ss.fff} {a.Took.TotalMilliseconds:0} ms {a.Status} {a.Key} {a.Message}");
}
