using System.Text;
using Gateway.Mail.Tests;

namespace Gateway.Tests.Evidence;

/// <summary>Every message of the MIME corpus; an mbox file is as many as it holds.</summary>
internal static class CorpusMessages
{
    public static IReadOnlyList<(string Name, byte[] Bytes)> All()
    {
        var root = Corpora.Path("mime");
        return
        [
            .. Directory
                .EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Where(f =>
                    Path.GetExtension(f) is ".eml" or ".txt" && !f.Contains("LICENSE", StringComparison.Ordinal)
                )
                .Select(f => (Name: Path.GetRelativePath(root, f), Bytes: File.ReadAllBytes(f)))
                .OrderBy(f => f.Name, StringComparer.Ordinal)
                .SelectMany(f => f.Name.Contains("mbox", StringComparison.Ordinal) ? Split(f.Name, f.Bytes) : [f]),
        ];
    }

    /// <summary>A line that starts with "From " begins a message and is not part of it.</summary>
    private static IEnumerable<(string, byte[])> Split(string name, byte[] mbox)
    {
        // Latin-1 keeps every byte.
        var messages = Encoding.Latin1.GetString(mbox).Split("\nFrom ");
        foreach (var (message, index) in messages.Select((m, i) => (m, i)))
        {
            var first = message.IndexOf('\n', StringComparison.Ordinal) + 1;
            var text = index < messages.Length - 1 ? message[first..] + "\n" : message[first..];
            yield return ($"{name}#{index + 1}", Encoding.Latin1.GetBytes(text));
        }
    }
}
