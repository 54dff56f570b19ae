using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

public sealed class MessagePartsTests
{
    [Fact]
    public void Text_html_inline_and_attachments_are_told_apart()
    {
        var split = Split(
            "multipart/mixed",
            Part(
                "multipart/related; boundary=r",
                "--r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
                    + "--a\r\n\r\nplain\r\n--a\r\nContent-Type: text/html\r\n\r\n<img src=cid:i@x>\r\n--a--\r\n"
                    + "--r\r\nContent-Type: image/png\r\nContent-ID: <i@x>\r\n\r\npng\r\n--r--\r\n"
            ),
            Part("text/plain; name=notes.txt", "notes"),
            Part("message/rfc822", "Subject: in\r\n\r\nx")
        );
        Assert.False(split.NeedsRaw);
        Assert.Equal("plain", split.Text!.DecodeText());
        Assert.Equal("<img src=cid:i@x>", split.Html!.DecodeText());
        Assert.Equal("i@x", Assert.Single(split.Inline).ContentId);
        Assert.Equal(["text/plain", "message/rfc822"], split.Attachments.Select(part => part.ContentType.MediaType));
    }

    [Theory]
    [InlineData("multipart/signed", "application/pkcs7-signature", PartsLoss.Signed)]
    [InlineData("multipart/mixed", "application/pkcs7-mime", PartsLoss.Encrypted)]
    [InlineData("multipart/encrypted", "application/octet-stream", PartsLoss.Encrypted)]
    [InlineData("multipart/alternative", "text/calendar; method=REQUEST", PartsLoss.Calendar)]
    [InlineData("multipart/alternative", "text/x-amp-html", PartsLoss.OtherAlternative)]
    [InlineData("multipart/report", "text/rfc822-headers", PartsLoss.Structure)]
    [InlineData("multipart/mixed", "message/partial; id=x", PartsLoss.Structure)]
    [InlineData("multipart/mixed", "text/plain", PartsLoss.SeveralBodies)]
    [InlineData("multipart/mixed", "text/html; charset=no-such", PartsLoss.UnknownCharset)]
    public void What_would_be_lost_is_said(string multipart, string second, PartsLoss expected) =>
        Assert.Contains(expected, Split(multipart, Part("text/plain", "x"), Part(second, "y")).Losses);

    [Fact]
    public void A_message_with_defects_needs_its_own_bytes() =>
        Assert.Contains(PartsLoss.Malformed, MessageParts.Split(MimeMessage.Parse("no header\r\n"u8.ToArray())).Losses);

    private static string Part(string type, string body) => $"--top\r\nContent-Type: {type}\r\n\r\n{body}\r\n";

    private static SplitMessage Split(string multipart, params string[] parts) =>
        MessageParts.Split(
            MimeMessage.Parse(
                Encoding.ASCII.GetBytes(
                    $"Content-Type: {multipart}; boundary=top\r\n\r\n{string.Concat(parts)}--top--\r\n"
                )
            )
        );
}
