using Gateway.Mail;
using Gateway.Providers;
using Gateway.Providers.Outcomes;

namespace Gateway.Tests.Providers;

public sealed class UnknownTextsTests
{
    private readonly SteppedClock clock = new();

    [Fact]
    public void More_distinct_messages_than_allowed_with_one_text_trip_the_path()
    {
        var texts = new UnknownTexts(clock, most: 3);
        Assert.Equal([false, false, false, true, true], Saw(texts, "a", 5));
    }

    [Fact]
    public void One_message_to_many_recipients_is_one_message()
    {
        var texts = new UnknownTexts(clock, most: 3);
        var message = Guid.NewGuid();
        Assert.All(Enumerable.Range(0, 100), _ => Assert.False(texts.Saw("a", message)));
    }

    [Fact]
    public void Different_texts_do_not_add_up()
    {
        var texts = new UnknownTexts(clock, most: 3);
        Assert.All(Enumerable.Range(0, 100), i => Assert.False(texts.Saw($"text {i}", Guid.NewGuid())));
    }

    [Fact]
    public void What_is_a_minute_old_is_forgotten()
    {
        var texts = new UnknownTexts(clock, most: 3);
        Saw(texts, "a", 3);
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal([false, false, false, true], Saw(texts, "a", 4));
    }

    [Fact]
    public void A_tripped_path_stays_so_while_it_goes_on_and_heals_when_it_ends()
    {
        var texts = new UnknownTexts(clock, most: 3);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(i >= 3, texts.Saw("a", Guid.NewGuid()));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.False(texts.Saw("a", Guid.NewGuid()));
    }

    [Fact]
    public void A_stream_of_new_texts_does_not_make_it_forget_a_busy_one_at_once()
    {
        var texts = new UnknownTexts(clock, most: 3);
        Saw(texts, "busy", 3);
        for (var i = 0; i < 200; i++)
        {
            texts.Saw($"noise {i}", Guid.NewGuid());
        }

        Assert.True(texts.Saw("busy", Guid.NewGuid()));
    }

    [Fact]
    public void A_tripped_refusal_is_the_paths_and_keeps_its_words()
    {
        var texts = new UnknownTexts(clock, most: 1);
        var refusal = new SendResult(Outcome.MessagePermanent, OutcomeScope.Message, "Answer", "HTTP 400 new")
        {
            UnknownText = "400 new",
        };
        Assert.Equal(Outcome.MessagePermanent, texts.Judge(refusal, Guid.NewGuid()).Outcome);
        var tripped = texts.Judge(refusal, Guid.NewGuid());
        Assert.Equal(
            (Outcome.PathDown, OutcomeScope.Account, "HTTP 400 new"),
            (tripped.Outcome, tripped.Scope, tripped.Reply)
        );
    }

    [Theory]
    [InlineData("The domain a.example is odd", "The domain b.example is odd")]
    [InlineData("Message 12345 refused for ann@example.com", "Message 99 refused for bob@example.org")]
    [InlineData("Header \"X-One\" is odd", "Header \"X-Two words\" is odd")]
    [InlineData("It  is\r\nodd", "it is ODD")]
    public void Refusals_that_differ_only_in_whom_they_concern_are_one_text(string one, string other) =>
        Assert.Equal(RefusalText.Of(one), RefusalText.Of(other));

    [Theory]
    [InlineData("the subject \"maximum credits exceeded\" is odd")]
    [InlineData("the subject 'maximum credits exceeded' is odd")]
    [InlineData("the subject “maximum credits exceeded” is odd")]
    public void What_is_quoted_is_nobodys_word(string text) =>
        Assert.Equal("the subject # is odd", RefusalText.Of(text));

    [Fact]
    public void An_apostrophe_inside_a_word_opens_no_quotation() =>
        Assert.Equal("it can't be the sender's fault", RefusalText.Of("It can't be the sender's fault"));

    private static bool[] Saw(UnknownTexts texts, string text, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => texts.Saw(text, Guid.NewGuid()))];
}
