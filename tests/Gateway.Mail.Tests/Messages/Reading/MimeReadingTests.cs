using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

public sealed class MimeReadingTests
{
    [Fact]
    public void Every_From_of_a_message_is_seen_however_it_is_written()
    {
        var message = Parse(
            "From: a@tenant.example\r\nFROM : ceo@bank.example\r\nfrom:\r\n x@y.example\r\nX-From: no\r\n\r\nFrom: body\r\n"
        );
        Assert.Equal(3, message.Headers.Count("From"));
        Assert.Equal(
            ["a@tenant.example", "ceo@bank.example", "x@y.example"],
            message.Headers.All("from").Select(field => field.Value)
        );
        Assert.Contains(message.Defects, defect => defect.Kind == MimeDefectKind.SpaceBeforeColon);
    }

    [Fact]
    public void A_field_is_given_as_slices_of_the_message()
    {
        var message = Parse("A: 1\r\nSubject:  one\r\n\ttwo \r\n\r\nx");
        var field = message.Headers.First("SUBJECT")!.Value;
        Assert.Equal("Subject:  one\r\n\ttwo \r\n", Text(field.Raw));
        Assert.Equal("  one\r\n\ttwo ", Text(field.RawValue));
        Assert.Equal("Subject", Text(field.Name));
        Assert.Equal("one\ttwo", field.Value);
        Assert.Equal("one two", field.Text);
        Assert.Equal(Text(field.Raw), Text(message.Bytes[field.Field]));
    }

    [Fact]
    public void A_line_that_is_no_field_begins_the_body_and_is_told()
    {
        var message = Parse("A: 1\r\nnot a field\r\nFrom: x\r\n\r\n");
        Assert.Equal(new MimeDefect(MimeDefectKind.MissingHeaderSeparator, 6), Assert.Single(message.Defects));
        Assert.Equal("not a field\r\nFrom: x\r\n\r\n", Text(message.Root.Body));
    }

    [Fact]
    public void A_lone_CR_in_a_value_is_no_line_end_and_does_not_survive_as_text()
    {
        var message = Parse("X: a\rb\r Bcc: x\r\n\r\n");
        Assert.Equal("a b  Bcc: x", Assert.Single(message.Headers).Value);
        Assert.Equal("a b Bcc: x", Assert.Single(message.Headers).Text);
    }

    [Fact]
    public void A_boundary_is_no_prefix_of_a_longer_line()
    {
        var message = Parse(Multipart("ab", "--abc\r\nx\r\n--a\r\n"));
        Assert.Equal("--abc\r\nx\r\n--a\r\n", Text(message.Root.Children[0].Body));
    }

    [Fact]
    public void The_boundary_of_an_outer_multipart_ends_all_inner_parts()
    {
        var inner = "Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\nunclosed\r\n";
        var message = Parse(
            $"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n{inner}--out\r\n\r\nnext\r\n--out--\r\n"
        );
        Assert.Equal(
            ["unclosed", "next"],
            message.Parts().Where(part => part.Children.Count == 0).Select(part => part.DecodeText())
        );
        Assert.Equal(MimeDefectKind.BoundaryNotClosed, Assert.Single(message.Defects).Kind);
    }

    [Fact]
    public void Lines_after_the_closing_boundary_are_no_parts()
    {
        var message = Parse(Multipart("b", "x\r\n--b--\r\n--b\r\n\r\nhidden\r\n"));
        Assert.Single(message.Root.Children);
    }

    [Fact]
    public void A_part_of_a_digest_is_a_message()
    {
        var message = Parse(
            "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n"
        );
        Assert.Equal("in", message.Root.Children[0].Enclosed!.Headers.First("subject")!.Value.Value);
    }

    [Fact]
    public void An_encoded_message_is_not_opened_and_is_told()
    {
        var text = Convert.ToBase64String("Subject: in\r\n\r\nx"u8);
        var message = Parse($"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}");
        Assert.Null(message.Root.Enclosed);
        Assert.Equal(MimeDefectKind.EncodedComposite, Assert.Single(message.Defects).Kind);
        Assert.Equal("in", MimeMessage.Parse(message.Root.DecodeContent()).Headers.First("subject")!.Value.Value);
    }

    [Theory]
    [InlineData("", "text/plain")]
    [InlineData("Content-Type: text\r\n", "text/plain")]
    [InlineData("Content-Type: TEXT/HTML;charset=x\r\n", "text/html")]
    [InlineData("Content-Type: text/html\r\nContent-Type: image/png\r\n", "text/html")]
    public void The_type_of_a_part_is_the_first_valid_one_or_text_plain(string header, string expected) =>
        Assert.Equal(expected, Parse(header + "\r\nx").Root.ContentType.MediaType);

    [Theory]
    [InlineData("attachment; filename=\"a.txt\"", "image/png; name=b.png", "a.txt")]
    [InlineData("attachment", "image/png; name=b.png", "b.png")]
    [InlineData("attachment; filename*=utf-8''%E2%82%AC.txt; filename=euro.txt", "image/png", "\u20AC.txt")]
    [InlineData("attachment; filename=euro.txt; filename*=utf-8''%E2%82%AC.txt", "image/png", "\u20AC.txt")]
    [InlineData("attachment; filename=my file.txt", "image/png", "my file.txt")]
    public void The_file_name_is_that_of_the_disposition_and_the_extended_form_wins(
        string disposition,
        string type,
        string expected
    ) =>
        Assert.Equal(
            expected,
            Parse($"Content-Disposition: {disposition}\r\nContent-Type: {type}\r\n\r\nx").Root.FileName
        );

    [Theory]
    [InlineData("YWJj", "abc")]
    [InlineData("YW Jj\r\n\r\n", "abc")]
    [InlineData("YW*Jj", "abc")]
    [InlineData("YWI", "ab")]
    [InlineData("YWI=YWI=", "ab")]
    [InlineData("=", "")]
    [InlineData("A", "")]
    public void Base64_yields_what_can_be_had(string given, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(Base64Decoder.Decode(Encoding.ASCII.GetBytes(given))));

    [Theory]
    [InlineData("a=3Db=3d", "a=b=")]
    [InlineData("a=\r\nb", "ab")]
    [InlineData("a= \t\r\nb", "ab")]
    [InlineData("a \t\r\nb", "a\r\nb")]
    [InlineData("a=\nb", "ab")]
    [InlineData("a=zz=4", "a=zz=4")]
    [InlineData("a=", "a")]
    public void Quoted_printable_yields_what_can_be_had(string given, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(QuotedPrintableDecoder.Decode(Encoding.ASCII.GetBytes(given))));

    [Theory]
    [InlineData("<a@b> (c) <d@e>", "a@b|d@e")]
    [InlineData("Your message of \"Fri\" <a@b>", "a@b")]
    [InlineData("<a\r\n @b>", "a@b")]
    [InlineData("<a@b", "a@b")]
    [InlineData("", "")]
    public void Message_ids_are_found(string given, string expected) =>
        Assert.Equal(expected, string.Join('|', MessageIdList.Parse(Encoding.ASCII.GetBytes(given))));

    [Theory]
    [InlineData("A: 1\r\nnot a field\r\nFrom: x\r\n\r\n", MimeDefectKind.MissingHeaderSeparator, 6)]
    [InlineData("A: 1\r\n--b\r\n", MimeDefectKind.MissingHeaderSeparator, 6)]
    [InlineData("From a@b Fri\r\nA: 1\r\n:\r\nB: 2\r\n", MimeDefectKind.EmptyFieldName, 20)]
    [InlineData("A: 1\r\n: b\r\n\r\n", MimeDefectKind.EmptyFieldName, 6)]
    public void A_header_section_that_readers_take_in_different_ways_is_told(
        string text,
        MimeDefectKind kind,
        int offset
    ) => Assert.Equal(new MimeDefect(kind, offset), Parse(text).AmbiguousHeader);

    [Theory]
    [InlineData("")]
    [InlineData("\r\n not a field")]
    [InlineData("From a@b Fri\r\nA: 1\r\n\r\n")]
    [InlineData(" From: x\r\nFrom: y\r\n\r\n")]
    [InlineData("A : 1\r\n b\r\n\r\nnot a field")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nnot a field\r\n--b--\r\n")]
    [InlineData("Content-Type: message/rfc822\r\n\r\nFrom a@b\r\n: c\r\n")]
    public void What_stands_before_the_fields_or_in_the_body_makes_no_header_ambiguous(string text) =>
        Assert.Null(Parse(text).AmbiguousHeader);

    [Fact]
    public void No_value_brings_out_a_line_end_or_NUL() =>
        Assert.Equal("a\uFFFDb c", Parse("A: a\0b\r\n c\r\n\r\n").Headers[0].Value);

    private static string Multipart(string boundary, string content) =>
        $"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n\r\n{content}\r\n--{boundary}--\r\n";

    private static MimeMessage Parse(string text) => MimeMessage.Parse(Encoding.UTF8.GetBytes(text));

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
