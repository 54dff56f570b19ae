using System.Buffers;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

public sealed class HeaderEditsTests
{
    private const string Message =
        "From: a@b.example\r\nBCC: hidden@x.example,\r\n other@x.example\r\nSubject:  kept   as is \r\nTo: c@d.example\r\n"
        + "bcc : again@x.example\r\nResent-Bcc: y@x.example\r\n\r\nBcc: body text\r\n.\r\n";

    [Fact]
    public void Bcc_is_always_removed_in_any_form_and_nothing_else_changes() =>
        Assert.Equal(
            "From: a@b.example\r\nSubject:  kept   as is \r\nTo: c@d.example\r\n\r\nBcc: body text\r\n.\r\n",
            Edited(Message, new HeaderChanges())
        );

    [Fact]
    public void Fields_are_put_first_replaced_in_place_removed_and_added_last() =>
        Assert.Equal(
            "X-One: 1\r\nX-Two: 2\r\nFrom: a@b.example\r\nSubject: new\r\nX-Last: z\r\n\r\nBcc: body text\r\n.\r\n",
            Edited(
                Message,
                new HeaderChanges
                {
                    Prepend = [Line("X-One", "1"), Line("X-Two", "2")],
                    Replace = [Line("Subject", "new"), Line("X-Last", "z")],
                    Remove = ["TO"],
                }
            )
        );

    [Fact]
    public void A_replaced_field_leaves_no_second_one() =>
        Assert.Equal(
            "From: one\r\n\r\n",
            Edited("From: a\r\nfrom: b\r\n\r\n", new HeaderChanges { Replace = [Line("From", "one")] })
        );

    [Theory]
    [InlineData("A: b", "A: b\r\nX: y\r\n")]
    [InlineData("A: b\r\n", "A: b\r\nX: y\r\n")]
    [InlineData("\r\nbody", "X: y\r\n\r\nbody")]
    [InlineData("", "X: y\r\n")]
    public void A_field_is_added_even_where_the_section_is_cut_off(string given, string expected) =>
        Assert.Equal(expected, Edited(given, new HeaderChanges { Replace = [Line("X", "y")] }));

    [Theory]
    [InlineData(" folded from nothing\r\n\r\nbody", " folded from nothing\r\nX: y\r\n\r\nbody")]
    [InlineData(" folded\r\nA: b\r\n\r\nbody", " folded\r\nX: y\r\nA: b\r\n\r\nbody")]
    [InlineData("From a@b Fri\r\nA: b\r\n\r\nbody", "From a@b Fri\r\nX: y\r\nA: b\r\n\r\nbody")]
    [InlineData("\tcut off", "\tcut off\r\nX: y\r\n")]
    [InlineData("no field\r\n", "X: y\r\nno field\r\n")]
    public void A_field_put_first_takes_in_no_line_of_the_message(string given, string expected) =>
        Assert.Equal(expected, Edited(given, new HeaderChanges { Prepend = [Line("X", "y")] }));

    [Fact]
    public void The_body_is_never_copied()
    {
        var message = MimeMessage.Parse(Encoding.ASCII.GetBytes(Message));
        var last = HeaderEdits.Slices(message, new HeaderChanges())[^1];
        Assert.True(message.Bytes.Span[^10..].Overlaps(last.Span));
    }

    [Theory]
    [InlineData("X", "a\r\nBcc: victim@example.net")]
    [InlineData("X", "a\nBcc: victim@example.net")]
    [InlineData("X", "a\rb")]
    [InlineData("X", "a\0b")]
    [InlineData("X", "a\r\n \r\n\r\nbody")]
    [InlineData("X", "a\r\n ")]
    [InlineData("X", "a\u007f")]
    [InlineData("X-A: 1\r\nBcc", "x")]
    [InlineData("X A", "x")]
    [InlineData("X:", "x")]
    [InlineData("", "x")]
    [InlineData("Größe", "x")]
    public void A_line_that_could_be_two_cannot_be_made(string name, string value) =>
        Assert.False(HeaderLine.TryCreate(name, value, out _));

    [Fact]
    public void A_folded_value_can_be_made() =>
        Assert.Equal("X: a\r\n b\r\n", Encoding.ASCII.GetString(Line("X", "a\r\n b").Bytes.Span));

    private static HeaderLine Line(string name, string value)
    {
        Assert.True(HeaderLine.TryCreate(name, value, out var line));
        return line!;
    }

    private static string Edited(string text, HeaderChanges changes)
    {
        var output = new ArrayBufferWriter<byte>();
        HeaderEdits.Write(MimeMessage.Parse(Encoding.ASCII.GetBytes(text)), changes, output);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
