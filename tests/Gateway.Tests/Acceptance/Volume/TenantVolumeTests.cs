using System.Net;
using Gateway.Api.Acceptance.Volume;
using Gateway.Tenants;

namespace Gateway.Tests.Acceptance.Volume;

/// <summary>The count of one tenant in one replica: an hour that slides, others' shares, and what is given back.</summary>
public sealed class TenantVolumeTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Newcomer Stranger = new(SourceNetwork.Of(IPAddress.Parse("198.51.100.9"))!.Value);
    private readonly TenantVolume volume = new(null);

    [Fact]
    public void What_is_over_is_held_and_what_came_before_is_not()
    {
        Assert.All(Enumerable.Range(0, 10), _ => Assert.False(Take(Start, 10).IsHeld));
        Assert.True(Take(Start, 1).IsHeld);
        Assert.True(Take(Start.AddMinutes(59), 1).IsHeld);
        var (hour, count) = Assert.Single(volume.TakeUnwritten());
        Assert.Equal((Start, 0, 102, 2), (hour, count.Recipients, count.Fresh, count.Held));
        Assert.Equal(102, count.Last!.Recipients);
    }

    [Fact]
    public void Known_keys_and_networks_are_never_held_and_count_apart()
    {
        Assert.False(Take(Start, 1_000_000, isFresh: false).IsHeld);
        Assert.False(Take(Start, 100).IsHeld);
        var (_, count) = Assert.Single(volume.TakeUnwritten());
        Assert.Equal((1_000_000, 100), (count.Recipients, count.Fresh));
    }

    [Fact]
    public void The_hour_slides()
    {
        Take(Start.AddMinutes(30), 100);
        // Three quarters of the hour before still lie within the last 60 minutes.
        Assert.True(Take(Start.AddMinutes(75), 26).IsHeld);
        Assert.False(Take(Start.AddMinutes(105), 40).IsHeld);
        Assert.False(Take(Start.AddMinutes(200), 100).IsHeld);
    }

    [Fact]
    public void What_other_replicas_counted_counts()
    {
        Take(Start, 10);
        var (hour, count) = Assert.Single(volume.TakeUnwritten());
        volume.Written(hour, count, fresh: 95);
        Assert.False(Take(Start, 5).IsHeld);
        Assert.True(Take(Start, 1).IsHeld);
    }

    [Fact]
    public void What_was_counted_while_the_ledger_wrote_is_not_lost()
    {
        Take(Start, 60);
        var (hour, count) = Assert.Single(volume.TakeUnwritten());
        Take(Start, 40);
        volume.Written(hour, count, fresh: 60);
        Assert.True(Take(Start, 1).IsHeld);
    }

    [Fact]
    public void What_could_not_be_written_is_written_later()
    {
        Take(Start, 60);
        var (hour, count) = Assert.Single(volume.TakeUnwritten());
        Take(Start, 50);
        volume.PutBack(hour, count);
        Assert.Equal(110, Assert.Single(volume.TakeUnwritten()).Count.Fresh);
        Assert.Empty(volume.TakeUnwritten());
    }

    [Fact]
    public void What_was_not_stored_is_given_back_also_after_it_was_written()
    {
        var ticket = Take(Start, 100);
        var (hour, count) = Assert.Single(volume.TakeUnwritten());
        volume.Written(hour, count, fresh: 100);
        volume.GiveBack(ticket);
        Assert.False(Take(Start, 100).IsHeld);
        Assert.Equal(0, Assert.Single(volume.TakeUnwritten()).Count.Fresh);
    }

    [Fact]
    public void A_replica_that_starts_goes_on_from_what_the_ledger_has()
    {
        var started = new TenantVolume(new(null, 0, Start, Fresh: 80, FreshBefore: 40));
        var at = Start.AddMinutes(45);
        Assert.False(started.Take(at, 10, Stranger, "key", 100).IsHeld);
        Assert.True(started.Take(at, 1, Stranger, "key", 100).IsHeld);
    }

    [Fact]
    public void A_clock_that_goes_back_opens_nothing()
    {
        Take(Start.AddHours(1), 100);
        Assert.True(Take(Start.AddMinutes(59), 1).IsHeld);
    }

    [Fact]
    public void Only_who_was_quiet_for_two_hours_and_is_written_is_forgotten()
    {
        Take(Start, 1);
        Assert.False(volume.IsIdle(Start.AddHours(9)));
        volume.TakeUnwritten();
        Assert.False(volume.IsIdle(Start.AddHours(2)));
        Assert.True(volume.IsIdle(Start.AddHours(2).AddSeconds(1)));
    }

    private VolumeTicket Take(DateTimeOffset at, int recipients, bool isFresh = true) =>
        volume.Take(at, recipients, isFresh ? Stranger : null, "key", most: 100);
}
