using System.Net;
using Gateway.Api.Auth.Shield;

namespace Gateway.Tests.Auth;

public sealed class FailureWindowsTests
{
    private static readonly FailureAllowance Five = new(Burst: 5, PerMinute: 5);
    private readonly TestClock clock = new();

    [Fact]
    public void Five_a_minute_are_free_and_the_sixth_is_not()
    {
        var windows = new FailureWindows(64, clock);
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(windows.Add(7, Five) <= 0));
        Assert.True(windows.Add(7, Five) > 0);
        Assert.True(windows.Add(8, Five) <= 0);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(windows.Over(7, Five) <= 0);
    }

    [Fact]
    public void However_many_failed_all_is_forgotten_within_minutes()
    {
        var windows = new FailureWindows(64, clock);
        for (var i = 0; i < 100_000; i++)
        {
            windows.Add(7, Five);
        }

        Assert.Equal(FailureWindows.MostOver, windows.Over(7, Five));
        clock.Advance(TimeSpan.FromMinutes(5.1));
        Assert.True(windows.Add(7, Five) <= 0);
    }

    [Fact]
    public void A_million_subjects_take_no_more_memory_and_the_busiest_stays_known()
    {
        var windows = new FailureWindows(1 << 12, clock);
        var random = new Random(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000_000; i++)
        {
            windows.Add((ulong)random.NextInt64(), Five);
            if (i % 100 == 0)
            {
                clock.Advance(TimeSpan.FromMilliseconds(1));
                windows.Add(7, Five);
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        Assert.True(windows.Over(7, Five) > 0);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.254", true)]
    [InlineData("192.0.2.1", "192.0.3.1", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.7", true)]
    [InlineData("2001:db8:1::1", "2001:db8:1:ffff::9", true)]
    [InlineData("2001:db8:1::1", "2001:db8:2::1", false)]
    public void A_network_is_a_24_of_IPv4_and_a_48_of_IPv6(string one, string other, bool same)
    {
        var (a, b) = (IPAddress.Parse(one), IPAddress.Parse(other));
        Assert.Equal(same, ShieldSubject.Network(ShieldDoor.Smtp, a) == ShieldSubject.Network(ShieldDoor.Smtp, b));
        Assert.NotEqual(ShieldSubject.Address(ShieldDoor.Smtp, a), ShieldSubject.Address(ShieldDoor.Smtp, b));
        Assert.NotEqual(ShieldSubject.Address(ShieldDoor.Smtp, a), ShieldSubject.Address(ShieldDoor.Http, a));
    }
}
