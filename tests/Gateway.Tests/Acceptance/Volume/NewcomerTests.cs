using System.Collections.Frozen;
using System.Net;
using Gateway.Api.Acceptance.Volume;
using Gateway.Tenants;

namespace Gateway.Tests.Acceptance.Volume;

/// <summary>A new key is daily life and so is a new network; a thief has both.</summary>
public sealed class NewcomerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly SourceNetwork Home = SourceNetwork.Of(IPAddress.Parse("203.0.113.7"))!.Value;

    [Theory]
    [InlineData("normal", "live", null, "198.51.100.9", true)]
    [InlineData("normal", "live", 23, "198.51.100.9", true)]
    [InlineData("trial", "live", 0, "198.51.100.9", true)]
    [InlineData("normal", "live", 24, "198.51.100.9", false)]
    [InlineData("normal", "live", 0, "203.0.113.250", false)]
    [InlineData("normal", "live", 0, null, false)]
    [InlineData("normal", "test", 0, "198.51.100.9", false)]
    [InlineData("trusted", "live", 0, "198.51.100.9", false)]
    public void A_newcomer_is_a_new_key_from_a_new_network(
        string trust,
        string mode,
        int? firstUsedHoursAgo,
        string? from,
        bool isNew
    )
    {
        var caller = Caller(trust, mode) with
        {
            FirstUsedAt = firstUsedHoursAgo is { } hours ? Now.AddHours(-hours) : null,
            Network = from is null ? null : SourceNetwork.Of(IPAddress.Parse(from)),
        };

        Assert.Equal(isNew, Newcomer.Of(caller, Now) is not null);
    }

    [Fact]
    public void Of_a_tenant_with_too_many_networks_none_is_new()
    {
        var caller = Caller("normal", "live") with { Network = SourceNetwork.Of(IPAddress.Loopback) };
        var tenant = caller.Tenant with { History = caller.Tenant.History! with { Networks = null } };

        Assert.NotNull(Newcomer.Of(caller, Now));
        Assert.Null(Newcomer.Of(caller with { Tenant = tenant }, Now));
        Assert.Null(Newcomer.Of(caller with { Tenant = tenant with { History = null } }, Now));
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.0/24")]
    [InlineData("2001:db8:1:2:3::4", "2001:db8:1::/48")]
    [InlineData("::1", "::/48")]
    [InlineData("255.255.255.255", "255.255.255.0/24")]
    public void A_network_is_24_bits_of_IPv4_and_48_of_IPv6(string address, string network)
    {
        var made = SourceNetwork.Of(IPAddress.Parse(address))!.Value;
        Assert.Equal(network, made.ToString());
        Assert.Equal(made, SourceNetwork.Parse(network));
    }

    [Fact]
    public void No_IPv4_network_is_an_IPv6_one() =>
        Assert.NotEqual(SourceNetwork.Of(IPAddress.Parse("0.0.1.0")), SourceNetwork.Of(IPAddress.Parse("0:0:1::")));

    [Theory]
    [InlineData("")]
    [InlineData("203.0.113.0")]
    [InlineData("nowhere")]
    public void What_is_no_network_is_none(string text) => Assert.Null(SourceNetwork.Parse(text));

    [Theory]
    [InlineData(0, 100)]
    [InlineData(9, 100)]
    [InlineData(11, 110)]
    [InlineData(1_000_000, 10_000_000)]
    public void Usual_is_ten_times_the_busiest_hour_and_never_less_than_100(long busiest, long most) =>
        Assert.Equal(most, new VolumeOptions().MostOf(busiest));

    private static Caller Caller(string trust, string mode) =>
        new(
            new TenantSnapshot(Guid.NewGuid(), "tenant", [])
            {
                Trust = trust,
                History = new(new[] { Home }.ToFrozenSet(), 0, Now, 0, 0),
            },
            "key",
            mode,
            FrozenSet<string>.Empty
        );
}
