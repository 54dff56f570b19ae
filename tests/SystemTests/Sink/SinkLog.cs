using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace SystemTests.Sink;

/// <summary>A message that a sink kept: which key it carries, what its body was, and when.</summary>
internal sealed record Receipt(string Key, string BodyHash, DateTimeOffset At, string Sink);

/// <summary>What all sinks of a run kept, and which faults they played.</summary>
internal sealed class SinkLog
{
    public ConcurrentQueue<Receipt> Receipts { get; } = new();

    public ConcurrentDictionary<SinkFault, int> Faults { get; } = new();

    public void Played(SinkFault fault) => Faults.AddOrUpdate(fault, 1, (_, n) => n + 1);

    /// <param name="content">As it was on the wire, without the final dot.</param>
    public void Keep(ReadOnlySpan<byte> content, string sink)
    {
        var text = Encoding.Latin1.GetString(content);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var subject = text[..end].Split("\r\n").First(l => l.StartsWith("Subject: ", StringComparison.Ordinal))[9..];
        var body = text[(end + 4)..].Replace("\r\n..", "\r\n.", StringComparison.Ordinal);
        Receipts.Enqueue(new Receipt(subject.Trim(), HashOf(body), DateTimeOffset.UtcNow, sink));
    }

    /// <summary>The hash by which producers and sinks speak of a body: line ends and the last one do not count.</summary>
    public static string HashOf(string body) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(body.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n')))
        )[..24];
}
