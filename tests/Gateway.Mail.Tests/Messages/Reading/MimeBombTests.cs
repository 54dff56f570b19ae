using System.Diagnostics;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>A10 of the attack list: structure that grows faster than the bytes that write it.</summary>
public sealed class MimeBombTests
{
    [Fact]
    public void A10_ten_thousand_nested_multiparts_are_refused_at_the_depth_limit()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 10_000; i++)
        {
            text.Append($"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        }

        Refused(text.ToString(), MimeLimit.Depth, 50);
    }

    [Fact]
    public void A10_ten_thousand_nested_messages_are_refused_at_the_depth_limit() =>
        Refused(Repeat("Content-Type: message/rfc822\r\n\r\n", 10_000), MimeLimit.Depth, 50);

    [Fact]
    public void A10_a_million_empty_parts_are_refused_at_the_part_limit() =>
        Refused(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + Repeat("--b\r\n\r\n", 1_000_000),
            MimeLimit.Parts,
            500
        );

    [Fact]
    public void A10_a_million_boundary_lines_in_a_row_hold_no_part()
    {
        var message = Parse("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + Repeat("--b\r\n", 1_000_000));
        Assert.Single(message.Root.Children);
    }

    [Theory]
    [InlineData(70)]
    [InlineData(10_000)]
    public void A10_a_boundary_of_any_length_is_found(int length)
    {
        var boundary = new string('=', length);
        var lines = Repeat($"--{boundary[..^1]}\r\n", 200);
        var text =
            $"Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n{lines}--{boundary}\r\n\r\nx\r\n--{boundary}--\r\n";
        Assert.Equal("x", Parse(text).Root.Children[0].DecodeText());
    }

    [Fact]
    public void A10_many_fields_in_many_parts_are_refused_in_all()
    {
        var part = "--b\r\n" + Repeat("a:\r\n", 900) + "\r\n\r\n";
        Refused(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + Repeat(part, 100),
            MimeLimit.HeadersInAll,
            10_000
        );
    }

    [Fact]
    public void A10_more_than_a_thousand_fields_are_refused() =>
        Refused(Repeat("a: b\r\n", 1_001), MimeLimit.Headers, 1_000);

    [Fact]
    public void A10_a_field_over_64_KiB_is_refused_though_it_is_folded() =>
        Refused("To: " + Repeat("a@b.example,\r\n ", 10_000), MimeLimit.HeaderBytes, 65_536);

    [Fact]
    public void A10_a_section_over_256_KiB_is_refused() =>
        Refused(Repeat("X: " + new string('x', 60_000) + "\r\n", 5), MimeLimit.HeaderSectionBytes, 262_144);

    [Fact]
    public void A10_more_than_a_hundred_parameters_are_refused() =>
        Refused("Content-Type: text/plain" + Repeat("; a=b", 101) + "\r\n\r\n", MimeLimit.Parameters, 100);

    [Fact]
    public void Half_a_million_addresses_in_To_are_refused_by_the_header_limit() =>
        Refused("To: " + Repeat("a@example.com, ", 500_000) + "\r\n\r\nx", MimeLimit.HeaderBytes, 65_536);

    [Fact]
    public void A10_an_encoded_word_of_200000_characters_is_decoded()
    {
        var text = "=?utf-8?q?" + new string('a', 200_000) + "?=";
        Assert.Equal(200_000, HeaderWords.Decode(text).Length);
    }

    [Theory]
    [InlineData("=?x?q?a")]
    [InlineData("=?utf-8?q?a")]
    [InlineData("=?utf-8?q?a?= ")]
    [InlineData("=?")]
    [InlineData("=?utf-8?b?")]
    public void A10_half_written_encoded_words_stay_linear(string unit) =>
        Within(
            TimeSpan.FromSeconds(2),
            () => HeaderWords.Decode(Encoding.ASCII.GetBytes(Repeat(unit, 200_000) + "?="))
        );

    [Theory]
    [InlineData("(")]
    [InlineData("\"\\")]
    [InlineData("a=b;")]
    [InlineData("\n a")]
    [InlineData("a*=")]
    public void A10_parameters_without_an_end_stay_linear(string unit) =>
        Within(
            TimeSpan.FromSeconds(2),
            () => ContentType.Parse(Encoding.ASCII.GetBytes("a/b; x=" + Repeat(unit, 300_000)))
        );

    private static void Refused(string text, MimeLimit limit, int allowed)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(MimeMessage.TryParse(bytes, limits: null, out var message, out var refusal));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((limit, allowed), (refusal!.Limit, refusal.Allowed));
        Assert.InRange(refusal.Offset, 0, bytes.Length);
        Assert.True(message.Parts().Count() <= 501);

        // A10: at most four times the message; below that a constant for the 500 parts and 10,000 fields allowed.
        Assert.True(allocated <= Math.Max(4L * bytes.Length, 2 << 20), $"{allocated} bytes for {bytes.Length}");
    }

    private static MimeMessage Parse(string text)
    {
        var message = MimeMessage.Parse(Encoding.ASCII.GetBytes(text));
        Assert.Null(message.Refusal);
        return message;
    }

    private static void Within(TimeSpan limit, Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        Assert.True(watch.Elapsed < limit, $"took {watch.Elapsed}");
    }

    private static string Repeat(string text, int times) =>
        new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
