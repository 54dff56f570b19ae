using Gateway.Api.Auth.Shield;
using Gateway.Mail.Smtp;
using ServiceDefaults.Health;

namespace Gateway.Tests.Auth;

public sealed class OverloadTests
{
    private static readonly ShieldOptions Small = new() { Requests = 10, ContentBytes = 1_000 };

    [Fact]
    public void A_tenant_takes_half_of_the_places_and_all_of_them_no_more_than_there_are()
    {
        var gate = new RequestGate(Small);
        var (one, other, third) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(gate.TryEnter(one)));
        Assert.False(gate.TryEnter(one));
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(gate.TryEnter(other)));
        Assert.False(gate.TryEnter(third));
        gate.Leave(one);
        Assert.True(gate.TryEnter(third));
        Assert.Equal(10, gate.UnderWay);
    }

    [Fact]
    public void A_replica_says_that_it_is_full_before_it_is_and_goes_on_saying_so_until_it_is_calm()
    {
        var (gate, content) = (new RequestGate(Small), new ContentBudget(Small.ContentBytes));
        var shield = new AuthShield(Small, directory: null!, new HostReadiness(), TimeProvider.System);
        using var watch = new OverloadWatch(
            new ConnectionGuard(Small, shield, TimeProvider.System),
            gate,
            content,
            new HostReadiness(),
            TimeProvider.System
        );
        Assert.Null(watch.Look(alreadyFull: false));
        Assert.True(content.TryTake(900));
        Assert.Equal("bytes being read: 900 of 1000", watch.Look(alreadyFull: false));
        content.Return(150);
        Assert.Null(watch.Look(alreadyFull: false));
        Assert.NotNull(watch.Look(alreadyFull: true));
        content.Return(100);
        Assert.Null(watch.Look(alreadyFull: true));
    }

    [Fact]
    public void A_wrong_limit_is_named_at_the_start()
    {
        var options = new ShieldOptions { HttpConnections = 0, Proxies = ["10.0.0.0/8", "nonsense"] };
        Assert.Equal(2, options.Problems().Count());
        Assert.Contains(
            options.Problems(),
            p => p.Contains("Gateway:Shield:HttpConnections is 0", StringComparison.Ordinal)
        );
    }
}
