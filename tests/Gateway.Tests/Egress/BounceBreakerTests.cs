using Gateway.Mail;
using Gateway.Providers;
using Gateway.Worker.Health;

namespace Gateway.Tests.Egress;

public sealed class BounceBreakerTests
{
    private static readonly Guid[] Tenants = [Guid.NewGuid(), Guid.NewGuid()];

    [Fact]
    public void Ten_alike_of_two_tenants_trip_it_and_what_follows_is_held()
    {
        var breaker = new BounceBreaker(TimeProvider.System);
        for (var i = 0; i < 9; i++)
        {
            Assert.False(Holds(breaker, i, Refusal(i)));
        }

        Assert.True(breaker.Holds("path", Tenants[1], Refusal(9), out var isFirst));
        Assert.True(isFirst);
        Assert.True(breaker.Holds("path", Tenants[0], Refusal(10), out isFirst));
        Assert.False(isFirst);
        Assert.False(
            Holds(
                breaker,
                0,
                new SendResult(Outcome.RecipientPermanent, OutcomeScope.Recipient, "RcptTo", "550 5.1.1 unknown user")
            )
        );
        Assert.False(breaker.Holds("other", Tenants[0], Refusal(11), out _));
    }

    [Fact]
    public void One_tenants_bad_list_is_its_own()
    {
        var breaker = new BounceBreaker(TimeProvider.System);
        for (var i = 0; i < 100; i++)
        {
            Assert.False(breaker.Holds("path", Tenants[0], Refusal(i), out _));
        }
    }

    [Fact]
    public void An_ordinary_share_of_bounces_does_not_trip_it()
    {
        var breaker = new BounceBreaker(TimeProvider.System);
        for (var i = 0; i < 400; i++)
        {
            var result =
                i % 10 == 0 ? Refusal(i) : new SendResult(Outcome.Accepted, OutcomeScope.None, "FinalDot", "250 ok");
            Assert.False(Holds(breaker, i / 10, result));
        }
    }

    [Fact]
    public void Who_looked_at_the_path_is_believed()
    {
        var breaker = new BounceBreaker(TimeProvider.System);
        for (var i = 0; i < 12; i++)
        {
            Holds(breaker, i, Refusal(i));
        }

        breaker.Forget("path");
        Assert.False(Holds(breaker, 0, Refusal(13)));
    }

    [Theory]
    [InlineData("550 5.7.1 <ann@a.example>: relaying denied", "550 5.7.1 <bob@b.example>: relaying denied", true)]
    [InlineData("554 5.7.1 blocked, see http://x.example/1", "554 5.7.1 blocked, see http://x.example/2", true)]
    [InlineData("550 5.1.1 no such user q12ab", "550 5.1.1 no such user z99", true)]
    [InlineData("550 5.1.1 no such user", "550 5.7.1 no such user", false)]
    [InlineData("550 5.1.1 no such user", "550 5.1.1 mailbox disabled", false)]
    public void Replies_are_alike_where_only_the_name_differs(string one, string other, bool alike) =>
        Assert.Equal(alike, ReplySignature.Of(one) == ReplySignature.Of(other));

    private static bool Holds(BounceBreaker breaker, int i, SendResult result) =>
        breaker.Holds("path", Tenants[i % 2], result, out _);

    private static SendResult Refusal(int i) =>
        new(
            Outcome.RecipientPermanent,
            OutcomeScope.Recipient,
            "RcptTo",
            $"550 5.0.0 <u{i}@a.example>: not here, ref {i}"
        );
}
