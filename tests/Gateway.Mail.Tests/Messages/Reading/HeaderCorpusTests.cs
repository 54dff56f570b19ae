using System.Text;
using System.Text.Json;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>The corpus of header values: types and parameters, dates, ids, lists, display text.</summary>
public sealed class HeaderCorpusTests(ITestOutputHelper output)
{
    // Two cases differ on purpose. RFC 2047 §6.2: white space between two encoded words is not shown, in a file name as
    // elsewhere (the corpus keeps it where it is no fold). RFC 5322 §4.1: NUL is refused in text; we show U+FFFD.
    [Fact]
    public void Types_and_parameters_are_read_as_the_corpus_reads_them() =>
        Compare("content_type.json", 2, HeaderCases.Type, HeaderCases.ExpectedType);

    [Fact]
    public void Dates_are_read_as_the_corpus_reads_them() =>
        Compare("date.json", 0, HeaderCases.Date, HeaderCases.ExpectedDate);

    // Six cases differ, and RFC 5322 §4.3 decides them: four dates as asctime writes them, which the corpus answers with
    // month 14 or second 226; year "03", which is 2003, not 1903; zone PDT, which is -0700, not UTC.
    [Fact]
    public void The_date_of_a_Received_field_is_its_last_clause() =>
        Compare(
            "received.json",
            6,
            HeaderCases.Date,
            expected => HeaderCases.ExpectedDate(expected.GetProperty("date"))
        );

    [Fact]
    public void Message_ids_are_read_as_the_corpus_reads_them() =>
        Compare("id.json", 0, text => string.Join('|', MessageIdList.Parse(text)), HeaderCases.ExpectedList);

    [Fact]
    public void Keyword_lists_are_read_as_the_corpus_reads_them() =>
        Compare("list.json", 0, text => string.Join('|', RawHeaderText.DecodeList(text)), HeaderCases.ExpectedList);

    // RFC 2047 §5 (1): an encoded word is set apart by white space. Where a sender forgot it we decode the word all the
    // same and show no character that was not sent; the corpus shows a space (two cases).
    [Fact]
    public void Display_text_is_read_as_the_corpus_reads_it() =>
        Compare("unstructured.json", 2, RawHeaderText.Decode, expected => expected.GetString() ?? "");

    private delegate string Reading(ReadOnlySpan<byte> value);

    private void Compare(string file, int deviations, Reading read, Func<JsonElement, string> expect)
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("mime-headers", file)));
        var total = 0;
        var different = 0;
        foreach (var one in cases.RootElement.EnumerateArray())
        {
            total++;
            var given = HeaderCases.OneField(one.GetProperty("header").GetString()!);
            var expected = expect(one.GetProperty("expected"));
            var actual = read(given);
            if (actual != expected)
            {
                different++;
                output.WriteLine($"{Encoding.UTF8.GetString(given)}\n  expected {expected}\n  ours     {actual}");
            }
        }

        output.WriteLine($"{file}: {total - different} of {total}");
        Assert.True(different <= Math.Max(deviations, total * 2 / 100), $"{different} of {total} differ");
        Assert.True(total > 0);
    }
}
