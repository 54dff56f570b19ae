using Gateway.Domains;

namespace Gateway.Tests.Domains;

public sealed class DomainLifeTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Every state with every finding: state after, event, hours to the next look (null: none).</summary>
    public static TheoryData<DomainState, DomainFinding, DomainState, string?, double?> Table() =>
        new()
        {
            { DomainState.Pending, DomainFinding.Proven, DomainState.Verified, "domain.verified", 24 },
            { DomainState.Pending, DomainFinding.Missing, DomainState.Pending, null, 0.5 },
            { DomainState.Pending, DomainFinding.Unknown, DomainState.Pending, null, 0.5 },
            { DomainState.Pending, DomainFinding.NotGranted, DomainState.Pending, null, 0.5 },
            { DomainState.Verified, DomainFinding.Proven, DomainState.Verified, null, 24 },
            { DomainState.Verified, DomainFinding.Missing, DomainState.Degraded, "domain.degraded", 6 },
            { DomainState.Verified, DomainFinding.Unknown, DomainState.Verified, null, 0.25 },
            { DomainState.Verified, DomainFinding.NotGranted, DomainState.Verified, null, 24 },
            { DomainState.Degraded, DomainFinding.Proven, DomainState.Verified, "domain.restored", 24 },
            { DomainState.Degraded, DomainFinding.Missing, DomainState.Degraded, null, 6 },
            { DomainState.Degraded, DomainFinding.Unknown, DomainState.Degraded, null, 0.25 },
            { DomainState.Degraded, DomainFinding.NotGranted, DomainState.Verified, "domain.restored", 24 },
            { DomainState.Failed, DomainFinding.Proven, DomainState.Verified, "domain.verified", 24 },
            { DomainState.Failed, DomainFinding.Missing, DomainState.Failed, null, null },
            { DomainState.Failed, DomainFinding.Unknown, DomainState.Failed, null, null },
            { DomainState.Failed, DomainFinding.NotGranted, DomainState.Failed, null, null },
            { DomainState.Removed, DomainFinding.Proven, DomainState.Removed, null, null },
            { DomainState.Removed, DomainFinding.Missing, DomainState.Removed, null, null },
            { DomainState.Removed, DomainFinding.Unknown, DomainState.Removed, null, null },
            { DomainState.Removed, DomainFinding.NotGranted, DomainState.Removed, null, null },
        };

    [Theory]
    [MemberData(nameof(Table))]
    public void Each_finding_leads_from_each_state_to_one(
        DomainState state,
        DomainFinding finding,
        DomainState after,
        string? told,
        double? hours
    )
    {
        var step = DomainLife.After(Standing(state), finding, Now);
        Assert.Equal((after, told), (step.Standing.State, step.Event));
        Assert.Equal(hours, (step.NextCheck - Now)?.TotalHours);
        Assert.Equal(after == DomainState.Degraded, step.Standing.DegradedSince is not null);
        Assert.False(step.NewChallenge);
    }

    [Fact]
    public void The_table_is_complete() =>
        Assert.Equal(Enum.GetValues<DomainState>().Length * Enum.GetValues<DomainFinding>().Length, Table().Count);

    [Fact]
    public void A_warning_lasts_a_day_and_three_looks_and_then_sending_ends()
    {
        var step = DomainLife.After(Standing(DomainState.Verified), DomainFinding.Missing, Now);
        var (at, looks) = (Now, 1);
        while (step.Standing.State == DomainState.Degraded)
        {
            at = step.NextCheck!.Value;
            step = DomainLife.After(step.Standing, DomainFinding.Missing, at);
            looks++;
        }

        Assert.Equal((DomainState.Failed, "domain.failed", true), (step.Standing.State, step.Event, step.NewChallenge));
        Assert.Equal(Now + TimeSpan.FromHours(24), at);
        Assert.True(looks >= DomainLife.FailuresToFail);
    }

    [Fact]
    public void Looks_that_a_tenant_asks_for_do_not_shorten_the_day()
    {
        var standing = Standing(DomainState.Degraded) with { DegradedSince = Now };
        for (var minute = 0; minute < 24 * 60; minute++)
        {
            var step = DomainLife.After(standing, DomainFinding.Missing, Now.AddMinutes(minute));
            Assert.Equal(DomainState.Degraded, step.Standing.State);
            standing = step.Standing;
        }
    }

    [Fact]
    public void An_outage_of_DNS_never_ends_sending()
    {
        var standing = Standing(DomainState.Degraded) with { DegradedSince = Now, Failures = 2 };
        var later = DomainLife.After(standing, DomainFinding.Unknown, Now.AddDays(30));
        Assert.Equal(standing, later.Standing);
    }

    [Fact]
    public void A_claim_that_nobody_proves_is_looked_at_ever_less_and_given_up_after_a_month()
    {
        var standing = Standing(DomainState.Pending) with { ClaimedAt = Now };
        Assert.Equal(TimeSpan.FromMinutes(5), Wait(0));
        Assert.Equal(TimeSpan.FromMinutes(30), Wait(2));
        Assert.Equal(TimeSpan.FromHours(6), Wait(48));
        var end = DomainLife.After(standing, DomainFinding.Missing, Now.AddDays(30));
        Assert.Equal((DomainState.Failed, true), (end.Standing.State, end.NewChallenge));
        Assert.Equal(
            DomainState.Verified,
            DomainLife.After(standing, DomainFinding.Proven, Now.AddDays(30)).Standing.State
        );

        TimeSpan? Wait(int hours) =>
            DomainLife.After(standing, DomainFinding.Missing, Now.AddHours(hours)).NextCheck - Now.AddHours(hours);
    }

    [Fact]
    public void Every_state_has_one_word()
    {
        foreach (var state in Enum.GetValues<DomainState>())
        {
            Assert.Equal(state, DomainStates.Parse(state.Word()));
        }

        Assert.Throws<InvalidOperationException>(() => DomainStates.Parse("owned"));
    }

    [Theory]
    [InlineData("pending", DkimFinding.Matches, "active", "domain.dkim_active", true)]
    [InlineData("pending", DkimFinding.Differs, "pending", null, false)]
    [InlineData("pending", DkimFinding.Unknown, "pending", null, false)]
    [InlineData("active", DkimFinding.Matches, "active", null, false)]
    [InlineData("active", DkimFinding.Differs, "stopped", "domain.dkim_stopped", false)]
    [InlineData("active", DkimFinding.Unknown, "active", null, false)]
    [InlineData("stopped", DkimFinding.Matches, "active", "domain.dkim_active", true)]
    [InlineData("stopped", DkimFinding.Differs, "stopped", null, false)]
    [InlineData("stopped", DkimFinding.Unknown, "stopped", null, false)]
    [InlineData("retired", DkimFinding.Matches, "retired", null, false)]
    [InlineData("retired", DkimFinding.Differs, "retired", null, false)]
    [InlineData("retired", DkimFinding.Unknown, "retired", null, false)]
    public void A_key_signs_only_after_its_record_was_seen(
        string state,
        DkimFinding finding,
        string after,
        string? told,
        bool retires
    )
    {
        var step = DkimLife.After(state, finding, Now);
        Assert.Equal((after, told, retires), (step.State, step.Event, step.RetiresOthers));
        Assert.Equal(state == "retired", step.NextCheck is null);
        Assert.True(step.NextCheck is null || step.NextCheck <= Now + TimeSpan.FromHours(1));
    }

    private static DomainStanding Standing(DomainState state) =>
        new(
            state,
            Failures: state == DomainState.Degraded ? 1 : 0,
            state == DomainState.Degraded ? Now : null,
            Now.AddHours(-2)
        );
}
