using System.Diagnostics;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

public sealed class AddressListTests
{
    [Fact]
    public void Groups_comments_folds_and_empty_elements_are_read()
    {
        const string header =
            "A <a@b.example>,\r\n\t, Team: b@b.example, \"C, D\" <c@b.example>;\r\n d@b.example (Dora), Nobody:;, <e@b . example>";

        Assert.True(AddressList.TryParse(header, out var entries, out var error), $"{error}");

        Assert.Equal(["A", "Team", "Dora", "Nobody", null], entries.Select(static e => e.Name));
        Assert.Equal(["b@b.example", "c@b.example"], entries[1].Members!.Select(static m => m.Address!.ToString()));
        Assert.Empty(entries[3].Members!);
        Assert.Equal(
            ["a@b.example", "b@b.example", "c@b.example", "d@b.example", "e@b.example"],
            AddressList.Addresses(entries).Select(static a => a.ToString())
        );
    }

    [Fact]
    public void What_is_no_address_stays_readable_beside_those_that_are()
    {
        Assert.True(AddressList.TryParse("<>, MAILER-DAEMON, a@b.example", out var entries, out _));

        Assert.Equal(["", "MAILER-DAEMON", "a@b.example"], entries.Select(static e => e.Text));
        Assert.Equal([true, true, false], entries.Select(static e => e.Address is null));
        Assert.NotEmpty(entries[0].Error.Message);
    }

    // Some readers take the first for one word, others see the address in it: a '?' ends the word for both.
    [Theory]
    [InlineData("=?utf-8?q?a,b@c.example?= <d@e.example>", "d@e.example")]
    [InlineData("=?utf-8?q?a?,b@c.example,?= <d@e.example>", "b@c.example|d@e.example")]
    public void A_question_mark_in_an_encoded_word_hides_no_comma(string header, string addresses)
    {
        AddressList.TryParse(header, out var entries, out _);
        Assert.Equal(addresses, string.Join('|', AddressList.Addresses(entries)));
    }

    [Fact]
    public void A_control_character_in_a_received_name_is_shown_as_a_replacement()
    {
        Assert.True(AddressList.TryParse("=?utf-8?q?a=0D=0ABcc:_x?= <a@b.example>", out var entries, out _));
        Assert.Equal("a\uFFFD\uFFFDBcc: x", entries[0].Name);
    }

    [Theory]
    [InlineData("a@b.example, \"open", "quote_not_closed", 1)]
    [InlineData("a@b.example, (open", "comment_not_closed", 1)]
    [InlineData("a@b.example, <open", "angle_bracket_not_closed", 1)]
    [InlineData("a@b.example, c@[open", "literal_not_closed", 1)]
    [InlineData("Team: a@b.example", "group_not_closed", 1)]
    [InlineData("Team: Inner: a@b.example;;", "group_in_group", 0)]
    [InlineData("a@b.example; c@d.example", "semicolon_without_group", 1)]
    public void A_broken_list_gives_what_was_read_before_and_the_reason(string header, string code, int read)
    {
        Assert.False(AddressList.TryParse(header, out var entries, out var error));
        Assert.Equal(code, error.Code);
        Assert.Equal(read, entries.Count);
    }

    [Fact]
    public void The_number_of_entries_is_bounded_and_members_count()
    {
        var limits = new AddressListLimits(MaxEntries: 3);

        Assert.True(AddressList.TryParse("G: a@b.example, c@b.example;", out _, out _, limits));
        Assert.False(AddressList.TryParse("G: a@b.example, c@b.example, d@b.example;", out _, out var error, limits));
        Assert.Equal("too_many_addresses", error.Code);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("()")]
    [InlineData("\"")]
    [InlineData("\"a\" ")]
    [InlineData("<")]
    [InlineData("<>")]
    [InlineData("a@b.example,")]
    [InlineData("=?")]
    [InlineData("=?=?")]
    [InlineData("=?utf-8?q?")]
    [InlineData("=?x?q?a?= ")]
    [InlineData("=?utf-8?q?=41?= ")]
    [InlineData(". ")]
    [InlineData(":")]
    [InlineData("a:;")]
    [InlineData("\\")]
    [InlineData("\u202E")]
    public void Ten_times_the_input_costs_at_most_about_ten_times_the_time(string piece)
    {
        var limits = new AddressListLimits(int.MaxValue, int.MaxValue, 50);
        var large = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length));
        var watch = Stopwatch.StartNew();
        AddressList.TryParse(large + " <a@b.example>", out _, out _, limits);

        // A megabyte in linear time takes tens of milliseconds, seconds on a machine with much else to do; in quadratic time, minutes.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }
}
