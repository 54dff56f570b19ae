using System.Buffers;
using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp.Attacks;

/// <summary>A2: whatever the content holds, our wire has no lone CR or LF, and each leading dot is doubled.</summary>
public sealed class A02OutboundSmugglingTests
{
    private static readonly int[] ChunkSizes = [.. Enumerable.Range(1, 16), 4095, 4096, 4097];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fake_end_leaves_as_text_at_any_chunk_size(bool lax)
    {
        await using var server = new SmtpScriptServer(new SmtpScript { Lax = lax });
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(server.Port));
        var sent = 0;
        foreach (var end in FakeEnds.All)
        {
            foreach (var size in ChunkSizes)
            {
                // The sequence lies across the border of the large chunks.
                var pad = new string('p', size > 16 ? 4096 - 20 : 3);
                var content = $"Subject: x\r\n\r\n{pad}{end}MAIL FROM:<evil@example.com>\r\n{end}";
                var message = new SmtpSubmission(SmtpClientTests.Envelope(), Chunks(content, size));
                Assert.True((await client.SendAsync(message, next: null)).Accepted);
                sent++;
                Assert.True(server.Mails.TryDequeue(out var mail));
                AssertSafe(mail.Content);
            }
        }

        Assert.Empty(server.Mails);
        Assert.Equal(sent, server.Commands.Count(c => c.StartsWith("MAIL", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_corpus_leaves_safely_too()
    {
        await using var server = new SmtpScriptServer(new SmtpScript { Lax = true });
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(server.Port));
        foreach (var end in FakeEnds.OfCorpus())
        {
            var content = Encoding.Latin1.GetBytes($"a: b\r\n\r\nx{end}MAIL FROM:<evil@example.com>\r\n");
            Assert.True((await client.SendAsync(SmtpClientTests.Envelope(), content)).Accepted);
            Assert.True(server.Mails.TryDequeue(out var mail));
            AssertSafe(mail.Content);
        }

        Assert.Empty(server.Mails);
    }

    [Fact]
    public async Task What_we_send_our_own_session_undoes_to_the_same_lines()
    {
        await using var host = new SessionHost();
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(host.Port));
        var random = new Random(2026);
        foreach (var size in ChunkSizes)
        {
            string[] pieces = ["\r\n", ".", "..", "x", "line", "\r\n.", "\r\n.."];
            var text =
                string.Concat(Enumerable.Range(0, 2000).Select(_ => pieces[random.Next(pieces.Length)])) + "\r\n";
            text = string.Join("\r\n", text.Split("\r\n").Select(l => l.Length > 998 ? l[..998] : l));

            var sent = await client.SendAsync(
                new SmtpSubmission(SmtpClientTests.Envelope(), Chunks(text, size)),
                next: null
            );

            Assert.True(sent.Accepted, sent.Detail);
            Assert.True(host.Record.Messages.TryDequeue(out var got));
            Assert.Equal(text, Encoding.Latin1.GetString(got.Content));
        }
    }

    internal static ReadOnlySequence<byte> Chunks(string text, int size)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var first = new Segment(bytes.AsMemory(0, Math.Min(size, bytes.Length)), 0);
        var last = first;
        for (var at = size; at < bytes.Length; at += size)
        {
            last = last.Then(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static void AssertSafe(byte[] wire)
    {
        var text = Encoding.Latin1.GetString(wire);
        Assert.Equal(-1, text.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().IndexOfAny('\r', '\n'));
        Assert.All(
            text.Split("\r\n"),
            line => Assert.True(!line.StartsWith('.') || line.StartsWith("..", StringComparison.Ordinal))
        );
        Assert.Contains("MAIL FROM:<evil@example.com>", text, StringComparison.Ordinal);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
