using Gateway.Mail;
using Gateway.Providers;
using Gateway.Worker.Health;

namespace Gateway.Tests.Egress;

public sealed class BounceBreakerTests
{
    private static readonly Guid[] Tenants = [Guid.NewGuid(), Guid.NewGuid()];
    private static readonly SendResult Taken = new(Outcome.Accepted, OutcomeScope.None, "FinalDot", "250 ok");
    private readonly BounceBreaker breaker = new(TimeProvider.System);

    [Fact]
    public void Ten_alike_of_two_tenants_freeze_their_words_and_no_others()
    {
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(Suspicion.None, Saw(i, Refusal(i)));
            Saw(i, Taken);
        }

        Assert.Equal(Suspicion.Words, breaker.Saw("path", Tenants[1], Refusal(9), out var isFirst));
        Assert.True(isFirst);
        Saw(0, Taken);
        Assert.Equal(Suspicion.Words, breaker.Saw("path", Tenants[0], Refusal(10), out isFirst));
        Assert.False(isFirst);
        Assert.Equal(Suspicion.None, Saw(0, Refused("550 5.1.1 unknown user")));
        Assert.Equal(Suspicion.None, breaker.Saw("other", Tenants[0], Refusal(11), out _));
    }

    [Fact]
    public void One_tenants_bad_list_is_its_own_where_others_are_served()
    {
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(Suspicion.None, breaker.Saw("path", Tenants[0], Refusal(i), out _));
            if (i % 20 == 0)
            {
                breaker.Saw("path", Tenants[1], Taken, out _);
            }
        }
    }

    [Fact]
    public void An_ordinary_share_of_bounces_trips_nothing()
    {
        for (var i = 0; i < 400; i++)
        {
            Assert.Equal(Suspicion.None, Saw(i / 10, i % 10 == 0 ? Refusal(i) : Taken));
        }
    }

    [Fact]
    public void Ten_refusals_in_a_row_of_two_tenants_speak_against_the_path_whatever_their_words()
    {
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(Suspicion.None, Saw(i, Refused($"550 5.1.1 {(char)('a' + i)}{(char)('a' + i)} unknown")));
        }

        Assert.Equal(Suspicion.Path, breaker.Saw("path", Tenants[1], Refused("554 no"), out var isFirst));
        Assert.True(isFirst);
        Assert.Equal(Suspicion.Path, breaker.Saw("path", Tenants[1], Refused("554 no"), out isFirst));
        Assert.False(isFirst);
        Saw(0, Taken);
        Assert.Equal(Suspicion.None, Saw(0, Refused("554 no")));
    }

    [Theory]
    [InlineData(Outcome.RecipientTemporary)]
    [InlineData(Outcome.PathThrottled)]
    public void A_path_that_puts_the_others_off_does_not_refuse_all_that_it_is_given(Outcome later)
    {
        for (var i = 0; i < 200; i++)
        {
            var answer = i % 10 == 0 ? Refusal(i) : new SendResult(later, OutcomeScope.None, "FinalDot", "451 later");

            Assert.Equal(Suspicion.None, Saw(i / 10, answer));
        }
    }

    [Theory]
    [InlineData(Outcome.Unknown)]
    [InlineData(Outcome.PathDown)]
    [InlineData(Outcome.PathBlocked)]
    public void Refusals_between_failures_of_another_kind_are_not_in_a_row(Outcome failure)
    {
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(Suspicion.None, Saw(i, Refused($"550 5.1.1 {(char)('a' + i)} unknown")));
        }

        Saw(9, new SendResult(failure, OutcomeScope.None, "FinalDot", "gone"));

        Assert.Equal(Suspicion.None, Saw(10, Refused("550 5.1.1 z unknown")));
    }

    [Fact]
    public void What_waited_for_a_path_that_is_just_back_may_be_refused_in_a_row()
    {
        for (var i = 0; i < 49; i++)
        {
            Assert.Equal(Suspicion.None, SawJustBack(i));
        }

        Assert.Equal(Suspicion.Path, SawJustBack(49));
    }

    [Fact]
    public void A_path_that_goes_on_refusing_after_it_came_back_is_suspected_from_its_first_refusal()
    {
        SawJustBack(0);
        var first = DateTimeOffset.UtcNow;
        for (var i = 1; i < 12; i++)
        {
            Assert.Equal(Suspicion.None, SawJustBack(i));
        }

        Assert.Equal(Suspicion.Path, breaker.Saw("path", Tenants[0], Refusal(12), out var isFirst));
        Assert.True(isFirst);
        Assert.Equal(Suspicion.Path, breaker.Of("path", Refusal(0).Reply, first));
    }

    [Theory]
    [InlineData(false, Suspicion.Path)]
    [InlineData(true, Suspicion.None)]
    public void Whether_it_accepts_anything_decides_over_what_it_refused_when_it_came_back(
        bool takes,
        Suspicion expected
    )
    {
        SawJustBack(0);
        var refused = DateTimeOffset.UtcNow;
        for (var i = 1; i < 12; i++)
        {
            SawJustBack(i);
        }

        if (takes)
        {
            Saw(0, Taken);
        }

        Assert.Equal(expected, breaker.Of("path", Refusal(0).Reply, refused));
    }

    private Suspicion SawJustBack(int i) => breaker.Saw("path", Tenants[i % 2], Refusal(i), out _, isJustBack: true);

    [Fact]
    public void One_tenant_alone_speaks_against_a_path_that_refuses_what_another_takes()
    {
        for (var i = 0; i < 20; i++)
        {
            breaker.Saw("good", Tenants[0], Taken, out _);
        }

        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(Suspicion.None, breaker.Saw("bad", Tenants[0], Refusal(i), out _));
        }

        Assert.Equal(Suspicion.Path, breaker.Saw("bad", Tenants[0], Refusal(9), out _));
    }

    [Fact]
    public void Without_anything_to_compare_with_fifty_in_a_row_are_too_many()
    {
        for (var i = 0; i < 49; i++)
        {
            Assert.Equal(Suspicion.None, breaker.Saw("path", Tenants[0], Refusal(i), out _));
        }

        Assert.Equal(Suspicion.Path, breaker.Saw("path", Tenants[0], Refusal(49), out _));
    }

    [Fact]
    public void The_first_ones_of_the_row_are_suspected_with_it()
    {
        var began = DateTimeOffset.UtcNow;
        Saw(0, Refusal(0));
        var first = DateTimeOffset.UtcNow;
        for (var i = 1; i < 10; i++)
        {
            Saw(i, Refusal(i));
        }

        // Well again: what it said in its bad time is not believed for that.
        Saw(0, Taken);
        Assert.Equal(Suspicion.Path, breaker.Of("path", Refusal(0).Reply, first));
        Assert.Equal(Suspicion.None, breaker.Of("path", Refusal(0).Reply, began.AddMinutes(-1)));
        Assert.Equal(Suspicion.None, breaker.Of("path", Refusal(0).Reply, DateTimeOffset.UtcNow.AddSeconds(1)));
    }

    [Fact]
    public void Who_looked_at_the_path_is_believed()
    {
        for (var i = 0; i < 12; i++)
        {
            Saw(i, Refusal(i));
        }

        breaker.Forget("path");
        Assert.Equal(Suspicion.None, Saw(0, Refusal(13)));
    }

    [Theory]
    [InlineData("550 5.7.1 <ann@a.example>: relaying denied", "550 5.7.1 <bob@b.example>: relaying denied", true)]
    [InlineData("554 5.7.1 blocked, see http://x.example/1", "554 5.7.1 blocked, see http://x.example/2", true)]
    [InlineData("550 5.1.1 no such user q12ab", "550 5.1.1 no such user z99", true)]
    [InlineData("550 5.1.1 no such user", "550 5.7.1 no such user", false)]
    [InlineData("550 5.1.1 no such user", "550 5.1.1 mailbox disabled", false)]
    public void Replies_are_alike_where_only_the_name_differs(string one, string other, bool alike) =>
        Assert.Equal(alike, ReplySignature.Of(one) == ReplySignature.Of(other));

    private Suspicion Saw(int i, SendResult result) => breaker.Saw("path", Tenants[i % 2], result, out _);

    private static SendResult Refused(string reply) =>
        new(Outcome.RecipientPermanent, OutcomeScope.Recipient, "RcptTo", reply);

    private static SendResult Refusal(int i) => Refused($"550 5.0.0 <u{i}@a.example>: not here, ref {i}");
}
