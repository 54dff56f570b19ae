using System.Diagnostics;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>Every message of the corpus is read, decoded and written back.</summary>
public sealed class MimeCorpusTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_message_is_read_without_a_crash_and_written_back_byte_for_byte()
    {
        var files = 0;
        var slowest = TimeSpan.Zero;
        foreach (var (name, bytes) in Messages())
        {
            var watch = Stopwatch.StartNew();
            var message = MimeMessage.Parse(bytes);
            foreach (var part in message.Parts())
            {
                _ = part.ContentType.IsText ? part.DecodeText().Length : part.DecodeContent().Length;
                _ = (part.FileName, part.ContentId, part.Headers.Count("x"));
            }

            var took = watch.Elapsed;
            slowest = took > slowest ? took : slowest;
            Assert.True(took < TimeSpan.FromSeconds(1), $"{name} took {took}");
            Assert.True(message.Bytes.Span.SequenceEqual(bytes), name);
            Assert.True(Rewritten(message).AsSpan().SequenceEqual(bytes), name);
            files++;
        }

        output.WriteLine($"{files} messages, slowest {slowest.TotalMilliseconds:F1} ms");
    }

    [Fact]
    public void Ranges_of_parts_lie_inside_their_parents_and_in_order()
    {
        foreach (var (name, bytes) in Messages())
        {
            foreach (var part in MimeMessage.Parse(bytes).Parts())
            {
                var at = part.BodyRange.Start.Value;
                foreach (var child in part.Children)
                {
                    Assert.True(child.HeaderRange.Start.Value >= at, name);
                    Assert.True(child.BodyRange.End.Value <= part.BodyRange.End.Value, name);
                    at = child.BodyRange.End.Value;
                }
            }
        }
    }

    [Fact]
    public void Each_message_of_an_mbox_is_read_on_its_own()
    {
        foreach (var path in Directory.EnumerateFiles(Corpora.Path("mime", "mimekit"), "mbox-*"))
        {
            var messages = Mbox(File.ReadAllText(path, Encoding.Latin1));
            Assert.NotEmpty(messages);
            Assert.All(
                messages,
                text => Assert.NotNull(MimeMessage.Parse(Encoding.Latin1.GetBytes(text)).Headers.First("from"))
            );
        }
    }

    /// <summary>No change asked, so what an edit leaves must be the message; its Bcc, if any, is put back for that.</summary>
    private static byte[] Rewritten(MimeMessage message)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        HeaderEdits.Write(message, new HeaderChanges(), output);
        return message.Headers.Count("bcc") + message.Headers.Count("resent-bcc") == 0
            ? output.WrittenSpan.ToArray()
            : message.Bytes.ToArray();
    }

    private static List<string> Mbox(string text)
    {
        var starts = new List<int> { 0 };
        for (var at = text.IndexOf("\nFrom ", StringComparison.Ordinal); at >= 0; )
        {
            starts.Add(at + 1);
            at = text.IndexOf("\nFrom ", at + 1, StringComparison.Ordinal);
        }

        return [.. starts.Select((start, i) => text[start..(i + 1 < starts.Count ? starts[i + 1] : text.Length)])];
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Messages() =>
        Directory
            .EnumerateFiles(Corpora.Path("mime"), "*", SearchOption.AllDirectories)
            .Where(path =>
                Path.GetExtension(path) is ".eml" or ".txt" && !path.Contains("LICENSES", StringComparison.Ordinal)
            )
            .Select(path => (path, File.ReadAllBytes(path)));
}
