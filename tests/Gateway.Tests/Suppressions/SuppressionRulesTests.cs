using Gateway.Suppressions;

namespace Gateway.Tests.Suppressions;

public sealed class SuppressionRulesTests
{
    private static readonly DateTimeOffset Day = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SuppressionOptions Options = new();

    [Theory]
    // What the recipient's side says of the recipient, at once or later.
    [InlineData("bounced", "recipient", null, "RecipientPermanent", "hard_bounce: transactional broadcast")]
    [InlineData("bounced", "recipient", "hard", "RecipientPermanent", "hard_bounce: transactional broadcast")]
    [InlineData("bounced", "recipient", "soft", "RecipientPermanent", "failed")]
    [InlineData("bounced", "recipient", "full", "RecipientTemporary", "failed")]
    [InlineData("bounced", "recipient", null, "RecipientTemporary", "failed")]
    [InlineData("expired", "ttl", null, null, "failed")]
    [InlineData("delivered", null, null, null, "arrived")]
    // Everybody else's fault (I3).
    [InlineData("expired", "tenant_deadline", null, null, null)]
    [InlineData("bounced", "recipient", "block", "RecipientPermanent", null)]
    [InlineData("bounced", "recipient", "unknown", "RecipientPermanent", null)]
    [InlineData("bounced", "message", "hard", "MessagePermanent", null)]
    [InlineData("bounced", "content", null, "ContentRefused", null)]
    [InlineData("bounced", "path", "hard", "PathBlocked", null)]
    [InlineData("bounced", null, "hard", "RecipientPermanent", null)]
    [InlineData("sent", null, null, "Accepted", null)]
    [InlineData("opened", null, null, null, null)]
    public void Only_what_the_recipients_side_says_of_the_recipient_counts(
        string type,
        string? cause,
        string? kind,
        string? outcome,
        string? expected
    ) => Assert.Equal(expected, Say(Fact(type) with { Cause = cause, Class = kind, Outcome = outcome }));

    [Theory]
    [InlineData("complained", "broadcast", false, "complaint: broadcast")]
    [InlineData("complained", "transactional", false, "complaint: transactional broadcast")]
    [InlineData("complained", "broadcast", true, "complaint: transactional broadcast")]
    [InlineData("unsubscribed", "broadcast", false, "unsubscribe: broadcast")]
    [InlineData("unsubscribed", "broadcast", true, "unsubscribe: transactional broadcast")]
    [InlineData("unsubscribed", "transactional", false, "unsubscribe: transactional broadcast")]
    // Of mail that the ledger no longer has nobody knows the stream.
    [InlineData("complained", null, false, "complaint: broadcast")]
    public void A_word_about_a_broadcast_stops_broadcasts_unless_the_tenant_wants_more(
        string type,
        string? stream,
        bool all,
        string expected
    ) => Assert.Equal(expected, Say(Fact(type) with { Stream = stream, AllStreams = all }));

    [Theory]
    [InlineData("bounce", "hard_bounce: transactional broadcast")]
    [InlineData("invalid", "hard_bounce: transactional broadcast")]
    [InlineData("complaint", "complaint: broadcast")]
    [InlineData("unsubscribe", "unsubscribe: broadcast")]
    public void A_providers_own_list_is_imported_with_its_reason(string list, string expected) =>
        Assert.Equal(
            expected,
            Say(
                Fact("bounced") with
                {
                    Cause = "recipient",
                    Class = "soft",
                    Outcome = "RecipientPermanent",
                    ProviderList = list,
                    Stream = "broadcast",
                }
            )
        );

    [Fact]
    public void A_persons_word_never_ends_by_itself_and_a_bounce_does()
    {
        var changes = Changes();
        changes.Apply(Fact("complained") with { Stream = "broadcast" });
        changes.Apply(Hard(Day));

        var made = changes.Suppressions.ToDictionary(s => s.Stream);
        Assert.Equal(("complaint", null), (made["broadcast"].Reason, made["broadcast"].ExpiresAt));
        Assert.Equal(
            ("hard_bounce", (DateTimeOffset?)(Day + Options.HardBounceFor)),
            (made["transactional"].Reason, made["transactional"].ExpiresAt)
        );
    }

    [Fact]
    public void Three_in_a_row_over_a_week_are_given_up()
    {
        var changes = Changes();
        changes.Apply(Soft(Day));
        changes.Apply(Soft(Day.AddDays(3)));
        changes.Apply(Soft(Day.AddDays(6)));
        Assert.Empty(changes.Suppressions);

        changes.Apply(Soft(Day.AddDays(7)));
        Assert.Equal(["soft_bounce", "soft_bounce"], changes.Suppressions.Select(s => s.Reason));
        Assert.All(changes.Suppressions, s => Assert.Equal(Day.AddDays(7) + Options.SoftBounceFor, s.ExpiresAt));
    }

    [Fact]
    public void Mail_that_arrives_in_between_begins_the_count_anew()
    {
        var changes = Changes();
        changes.Apply(Soft(Day));
        changes.Apply(Soft(Day.AddDays(3)));
        changes.Apply(Fact("delivered") with { At = Day.AddDays(4) });
        Assert.Null(changes.Run);

        changes.Apply(Soft(Day.AddDays(7)));
        changes.Apply(Soft(Day.AddDays(8)));
        Assert.Empty(changes.Suppressions);
        Assert.Equal(new SoftRun(2, Day.AddDays(7), Day.AddDays(8)), changes.Run);
    }

    [Fact]
    public void An_arrival_disproves_only_what_is_older()
    {
        var changes = Changes();
        changes.Apply(Hard(Day.AddDays(2)));
        changes.Apply(Fact("delivered") with { At = Day.AddDays(1) });
        Assert.Equal(2, changes.Suppressions.Count);

        changes.Apply(Fact("delivered") with { At = Day.AddDays(3) });
        Assert.Empty(changes.Suppressions);
        Assert.Equal(Day.AddDays(3), changes.HealedAt);
    }

    [Fact]
    public void Who_complained_is_not_healed_by_mail_that_arrives()
    {
        var changes = Changes();
        changes.Apply(Fact("complained") with { At = Day });
        changes.Apply(Fact("delivered") with { At = Day.AddDays(3) });
        Assert.NotEmpty(changes.Suppressions);
    }

    [Fact]
    public void Settings_that_make_no_sense_are_all_told()
    {
        var options = new SuppressionOptions
        {
            HardBounceFor = TimeSpan.Zero,
            SoftBounceFor = TimeSpan.FromDays(-1),
            SoftBounces = 0,
            SoftBounceOver = TimeSpan.FromDays(-1),
        };
        Assert.Equal(4, options.Problems().Count());
        Assert.Empty(Options.Problems());
    }

    private static AddressChanges Changes() => new(null, Options);

    private static AddressFact Hard(DateTimeOffset at) =>
        Fact("bounced") with
        {
            Cause = "recipient",
            Class = "hard",
            At = at,
        };

    private static AddressFact Soft(DateTimeOffset at) =>
        Fact("bounced") with
        {
            Cause = "recipient",
            Class = "soft",
            At = at,
        };

    private static AddressFact Fact(string type) =>
        new()
        {
            Tenant = Guid.Empty,
            EventId = Guid.Empty,
            Type = type,
            Address = "ann@example.net",
            Stream = "transactional",
            At = Day,
            Source = "dsn",
        };

    private static string? Say(AddressFact fact) =>
        SuppressionRules.Decide(fact, Options) switch
        {
            AddressNews.Suppress made => $"{made.Reason}: {string.Join(' ', made.Streams)}",
            AddressNews.Failed => "failed",
            AddressNews.Arrived => "arrived",
            _ => null,
        };
}
