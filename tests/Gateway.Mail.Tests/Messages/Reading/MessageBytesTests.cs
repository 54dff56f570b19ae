using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

public sealed class MessageBytesTests
{
    [Fact]
    public void Clean_bytes_are_kept_without_a_copy()
    {
        ReadOnlyMemory<byte> given = "A: b\r\n\r\nx\r\n"u8.ToArray();
        Assert.True(MessageBytes.TryNormalise(given, out var bytes, out _));
        Assert.True(given.Equals(bytes));
    }

    [Fact]
    public void A_message_of_LF_only_gets_CRLF()
    {
        Assert.True(MessageBytes.TryNormalise("A: b\n\nx\n."u8.ToArray(), out var bytes, out _));
        Assert.Equal("A: b\r\n\r\nx\r\n.", Encoding.ASCII.GetString(bytes.Span));
    }

    [Theory]
    [InlineData("a\r\nb\nc", MessageBytesRule.MixedLineEnds, 4)]
    [InlineData("a\nb\r\nc", MessageBytesRule.MixedLineEnds, 3)]
    [InlineData("a\rb\r\n", MessageBytesRule.BareCarriageReturn, 1)]
    [InlineData("a\nb\rc", MessageBytesRule.BareCarriageReturn, 3)]
    [InlineData("a\r\n\r", MessageBytesRule.BareCarriageReturn, 3)]
    [InlineData("a\r\r\n", MessageBytesRule.BareCarriageReturn, 1)]
    [InlineData("a\r\nb\0", MessageBytesRule.Nul, 4)]
    [InlineData("\r\n.\n", MessageBytesRule.MixedLineEnds, 3)]
    public void What_two_readers_would_read_differently_is_refused_at_its_offset(
        string text,
        MessageBytesRule rule,
        int offset
    )
    {
        Assert.False(MessageBytes.TryNormalise(Encoding.ASCII.GetBytes(text), out _, out var refusal));
        Assert.Equal(new MessageBytesRefusal(rule, offset), refusal);
    }

    [Theory]
    [InlineData(998, true)]
    [InlineData(999, false)]
    public void A_line_has_at_most_998_bytes(int length, bool allowed)
    {
        foreach (var end in (string[])["\r\n", "\n", ""])
        {
            var text = "A: b\r\n"[..^(end == "\n" ? 2 : 0)] + (end == "\n" ? "\n" : "") + new string('x', length) + end;
            Assert.Equal(allowed, MessageBytes.TryNormalise(Encoding.ASCII.GetBytes(text), out _, out var refusal));
            Assert.True(allowed || refusal.Rule == MessageBytesRule.LineTooLong);
        }
    }

    [Fact]
    public void Nothing_that_passes_holds_a_lone_CR_or_LF()
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var given = new byte[random.Next(12)];
            for (var at = 0; at < given.Length; at++)
            {
                given[at] = "\r\n.a\0"u8[random.Next(random.Next(2) == 0 ? 4 : 5)];
            }

            if (MessageBytes.TryNormalise(given, out var bytes, out _))
            {
                var text = Encoding.ASCII.GetString(bytes.Span).Replace("\r\n", "", StringComparison.Ordinal);
                Assert.False(text.AsSpan().ContainsAny('\r', '\n', '\0'));
            }
        }
    }
}
