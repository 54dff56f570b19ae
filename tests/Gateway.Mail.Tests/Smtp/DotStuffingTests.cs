using System.Buffers;
using System.Text;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Tests.Smtp;

public sealed class DotStuffingTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData("..a\r\n.b", "...a\r\n..b\r\n.\r\n")]
    [InlineData("a.b\r\nc.", "a.b\r\nc.\r\n.\r\n")]
    [InlineData("a\nb", "a\r\nb\r\n.\r\n")]
    [InlineData("a\rb", "a\r\nb\r\n.\r\n")]
    [InlineData("a\n\rb", "a\r\n\r\nb\r\n.\r\n")]
    [InlineData("a\r\r\nb", "a\r\n\r\nb\r\n.\r\n")]
    [InlineData("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r", "a\r\n.\r\n")]
    [InlineData("a\n", "a\r\n.\r\n")]
    [InlineData("\r\n\r\n", "\r\n\r\n.\r\n")]
    public void Every_line_end_becomes_a_pair_and_every_leading_dot_two(string content, string wire)
    {
        for (var size = 1; size <= content.Length + 1; size++)
        {
            Assert.Equal(wire, Encode(content, size));
        }
    }

    [Fact]
    public void Chunks_make_no_difference_for_any_text_of_six_marks()
    {
        const string marks = "\r\n.x";
        for (var n = 0; n < 4096; n++)
        {
            var text = new string([.. Enumerable.Range(0, 6).Select(i => marks[(n >> (2 * i)) & 3])]);
            var whole = Encode(text, 6);
            Assert.Equal(Reference(text), whole);
            for (var size = 1; size < 6; size++)
            {
                Assert.Equal(whole, Encode(text, size));
            }
        }
    }

    [Fact]
    public void Clean_text_is_one_step()
    {
        var text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a line of text\r\n", 1000)));
        var step = new DotStuffing.Encoder().Next(text);
        Assert.Equal(new DotStuffing.Step(text.Length, DotStuffing.Insertion.Nothing, Skip: 0), step);
    }

    // The slow and obvious way: mend the ends, then double the dots.
    private static string Reference(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        var whole = lines[^1].Length == 0 ? lines[..^1] : lines;
        return string.Concat(whole.Select(l => (l.StartsWith('.') ? "." : "") + l + "\r\n")) + ".\r\n";
    }

    private static string Encode(string content, int size)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = new DotStuffing.Encoder();
        foreach (var chunk in Encoding.Latin1.GetBytes(content).Chunk(size))
        {
            encoder.Encode(chunk, output);
        }

        output.Write(encoder.Finish());
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }
}
