using Gateway.Worker.Delivery;

namespace Gateway.Tests.Delivery;

/// <summary>Fair queueing by the book: what a lane owes and what it has saved, without a database.</summary>
public sealed class LaneBookTests
{
    private static readonly Guid Big = Guid.NewGuid();
    private static readonly Guid Small = Guid.NewGuid();
    private static readonly Dictionary<string, double> Zero = new() { ["transactional"] = 0, ["broadcast"] = 0 };

    [Fact]
    public void A_lane_that_was_idle_starts_where_the_busy_ones_are()
    {
        var book = new LaneBook();
        book.TakeUp([Of(Big, 1_000)], Zero);
        book.TakeUp([Of(Big, 5_000)], Zero);

        book.TakeUp([Of(Big, 6_000), Of(Small, 3)], Zero);

        Assert.Equal(6_000, book.Lanes.Single(l => l.TenantId == Small).VirtualTime);
    }

    [Fact]
    public void A_lane_that_is_served_less_holds_the_clock_until_it_has_its_share()
    {
        var book = new LaneBook();
        book.TakeUp([Of(Big, 0), Of(Small, 0)], Zero);

        book.TakeUp([Of(Big, 500), Of(Small, 20)], Zero);

        Assert.Equal(20, book.ClockOf("broadcast"));
        Assert.Equal(20, book.Lanes.Single(l => l.TenantId == Small).VirtualTime);
    }

    [Fact]
    public void A_worker_that_starts_anew_goes_on_by_the_clock_of_the_ledger()
    {
        var book = new LaneBook();
        book.TakeUp([Of(Big, 9_000), Of(Small, 4)], new Dictionary<string, double> { ["broadcast"] = 8_900 });

        Assert.Equal(8_900, book.Lanes.Single(l => l.TenantId == Small).VirtualTime);
        Assert.Equal(9_000, book.Lanes.Single(l => l.TenantId == Big).VirtualTime);
    }

    [Fact]
    public void The_clock_never_goes_back_and_tells_when_the_ledger_is_behind()
    {
        var book = new LaneBook();
        book.TakeUp([Of(Big, 100)], Zero);
        Assert.Equal(["broadcast"], book.TakeUp([Of(Big, 200)], Zero));
        Assert.Empty(book.TakeUp([], new Dictionary<string, double> { ["broadcast"] = 250 }));
        Assert.Equal(["broadcast"], book.TakeUp([Of(Big, 10)], Zero));

        Assert.Equal(250, book.ClockOf("broadcast"));
    }

    [Fact]
    public void Each_stream_has_a_clock_of_its_own()
    {
        var book = new LaneBook();
        book.TakeUp([Of(Big, 7_000), Of(Small, 0, "transactional")], Zero);
        book.TakeUp([Of(Big, 7_000), Of(Small, 0, "transactional")], Zero);

        Assert.Equal((7_000d, 0d), (book.ClockOf("broadcast"), book.ClockOf("transactional")));
    }

    [Fact]
    public void Lanes_share_by_weight_whatever_their_number()
    {
        var book = new LaneBook();
        Lane[] lanes =
        [
            .. Enumerable.Range(0, 300).Select(_ => Of(Guid.NewGuid(), 0)),
            Of(Big, 0) with
            {
                Weight = 16,
            },
        ];
        book.TakeUp(lanes, Zero);
        var given = new Dictionary<Guid, int>();
        for (var round = 0; round < 400; round++)
        {
            var quotas = LaneShare.Divide(book.Lanes, 128, 128);
            Assert.True(quotas.Sum(q => q.Quota) <= 128);
            Claim[] claims =
            [
                .. quotas.SelectMany(q =>
                    Enumerable.Repeat(new Claim(q.Lane.TenantId, default, default, q.Lane.Stream, 0), q.Quota)
                ),
            ];
            book.Serve(quotas, claims);
            foreach (var claim in claims)
            {
                given[claim.TenantId] = given.GetValueOrDefault(claim.TenantId) + 1;
            }
        }

        var ordinary = given.Where(g => g.Key != Big).Select(g => g.Value).Order().ToArray();
        Assert.True(ordinary[^1] - ordinary[0] <= 4, $"equals had {ordinary[0]} to {ordinary[^1]}");
        Assert.InRange((double)given[Big] / ordinary[ordinary.Length / 2], 13, 19);
    }

    [Fact]
    public void Lanes_that_had_nothing_more_take_no_share_from_one_that_has()
    {
        var book = new LaneBook();
        book.TakeUp([Of(Big, 50), .. Enumerable.Range(0, 200).Select(_ => Of(Guid.NewGuid(), 0))], Zero);
        for (var round = 0; round < 6; round++)
        {
            // Nobody but the big one has any mail.
            var asked = LaneShare.Divide(book.Lanes, 64, 64);
            book.Serve(
                asked,
                [
                    .. asked
                        .Where(q => q.Lane.TenantId == Big)
                        .SelectMany(q => Enumerable.Repeat(new Claim(Big, default, default, "broadcast", 0), q.Quota)),
                ]
            );
        }

        Assert.Equal(56, LaneShare.Divide(book.Lanes, 64, 64).Single(q => q.Lane.TenantId == Big).Quota);
    }

    [Fact]
    public void Broadcast_mail_never_has_more_than_its_part_and_transactional_mail_has_its_own()
    {
        Lane[] lanes = [Of(Big, 0), Of(Small, 0, "transactional")];

        Assert.Equal([Small, Big], LaneShare.Divide(lanes, 100, 30).Select(q => q.Lane.TenantId));
        Assert.Equal([50, 30], LaneShare.Divide(lanes, 100, 30).Select(q => q.Quota));
        Assert.Equal([(Small, 100)], LaneShare.Divide(lanes, 100, 0).Select(q => (q.Lane.TenantId, q.Quota)));
        Assert.Equal([30], LaneShare.Divide([Of(Big, 0)], 100, 30).Select(q => q.Quota));
        Assert.Empty(LaneShare.Divide([Of(Big, 0)], 100, 0));
    }

    private static Lane Of(Guid tenant, double at, string stream = "broadcast") => new(tenant, stream, at, 1);
}
