using System.Text;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpReplyTests
{
    [Theory]
    [InlineData("5.1.1", true)]
    [InlineData("5.1.1 text", true)]
    [InlineData("4.7.999 text", true)]
    [InlineData("2.0.0", true)]
    [InlineData("5.1", false)]
    [InlineData("3.1.1", false)]
    [InlineData("5.1.1000", false)]
    [InlineData("5..1", false)]
    [InlineData("5.1.1x", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("", false)]
    public void An_enhanced_code_is_three_numbers_at_the_start(string text, bool is_one) =>
        Assert.Equal(is_one, EnhancedStatus.TryParse(text, out _));

    [Theory]
    [InlineData("250 ok")]
    [InlineData("250")]
    [InlineData("550-5.1.1 one\n550-5.1.1\n550 5.1.1 three")]
    public void A_reply_shows_as_it_came(string text)
    {
        Assert.True(SmtpReply.TryParse(text, out var reply));
        Assert.Equal(text.Replace("550-5.1.1\n", "550-5.1.1\n", StringComparison.Ordinal), reply.ToString());
    }

    [Theory]
    [InlineData("25 ok")]
    [InlineData("250-a\n550 b")]
    [InlineData("199 x")]
    [InlineData("250_ok")]
    [InlineData("")]
    public void What_is_no_reply_is_none(string text) => Assert.False(SmtpReply.TryParse(text, out _));

    [Fact]
    public void The_enhanced_code_may_stand_on_a_later_line() =>
        Assert.Equal(new EnhancedStatus(5, 7, 1), SmtpReply.Of(550, "no\n5.7.1 really").Enhanced);

    [Theory]
    [InlineData("250 ok\n")]
    [InlineData("250-a\r\n251 b\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("150 x\r\n")]
    [InlineData("600 x\r\n")]
    [InlineData("25\r\n")]
    [InlineData("\r\n")]
    public void What_no_server_may_say_is_a_violation(string wire)
    {
        var framing = new SmtpReplyFraming(new SmtpReplyLimits());
        Assert.Equal(SmtpReplyFraming.Result.Violation, framing.Advance(Encoding.ASCII.GetBytes(wire)));
    }

    [Fact]
    public void A_control_character_never_comes_through()
    {
        var reply = SmtpReplyFraming.Decode("550 a\0b\u001b[31mc\rd\r\n"u8);
        Assert.Equal("a\uFFFDb\uFFFD[31mc\uFFFDd", reply.Text);
    }

    [Fact]
    public void A_line_of_2_KiB_is_read_and_a_longer_one_is_not()
    {
        foreach (
            var (length, result) in ((int, SmtpReplyFraming.Result)[])
                [(2044, SmtpReplyFraming.Result.Complete), (2045, SmtpReplyFraming.Result.Violation)]
        )
        {
            var framing = new SmtpReplyFraming(new SmtpReplyLimits());
            Assert.Equal(result, framing.Advance(Encoding.ASCII.GetBytes($"250 {new string('x', length)}\r\n")));
        }
    }
}
