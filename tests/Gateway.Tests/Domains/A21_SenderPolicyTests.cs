using System.Collections.Frozen;
using Gateway.Api.Acceptance;
using Gateway.Domains;
using Gateway.Mail.Addresses;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Domains;

/// <summary>Nobody's mail shows a domain that is another's (RELIABILITY A21).</summary>
public sealed class A21_SenderPolicyTests(TestCluster cluster)
{
    [Fact]
    public async Task A21_of_10000_attempts_under_foreign_names_none_is_taken_as_it_is_and_none_of_a_tenants_at_all()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var mine = await ledger.CreateTenantAsync("mine.example");
        string[] owned = ["bank.example", "news.shop.example", "xn--bcher-kva.example"];
        foreach (var domain in owned)
        {
            await ledger.CreateTenantAsync(domain);
        }

        var policy = Policy(ledger.Door);
        Caller[] callers = [Caller(mine, UnverifiedFrom.Refuse), Caller(mine, UnverifiedFrom.Rewrite)];
        var random = new Random(21);
        var (tried, rewritten) = (0, 0);
        while (tried < 10_000)
        {
            var domain = Foreign(random, owned);
            if (!EmailAddress.TryParse($"ceo{tried}@{domain}", out var address, out _))
            {
                continue;
            }

            Assert.NotEqual("mine.example", address.Domain);
            tried++;
            var isOwned = owned.Any(o => IsRelated(address.Domain, o));
            var caller = callers[random.Next(2)];
            var own = new Mailbox(null, Parse("hello@mine.example"));
            var verdict =
                random.Next(3) == 0
                    ? await policy.JudgeAsync(caller, own, address, "From")
                    : await policy.JudgeAsync(caller, new Mailbox("CEO", address), null, "from");
            if (verdict.Refusal is { } refusal)
            {
                Assert.Equal((403, "domain_not_verified"), (refusal.Status, refusal.Code));
                continue;
            }

            rewritten++;
            Assert.False(isOwned, $"{address} goes out as {verdict.Shown}");
            Assert.Equal("hello@mine.example", verdict.Shown!.Address.ToString());
        }

        Assert.True(rewritten > 100);
        TestContext.Current.TestOutputHelper?.WriteLine($"{tried} attempts, {rewritten} rewritten, the rest refused");
    }

    [Theory]
    [InlineData("bank.example", "bank.example")]
    [InlineData("www.BANK.example", "bank.example")]
    [InlineData("corp.example", "mail.corp.example")]
    public async Task A21_who_tried_and_whose_domain_it_is_are_written_down(string tried, string owned)
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (mine, owner) = (await ledger.CreateTenantAsync(), await ledger.CreateTenantAsync(owned));
        var policy = Policy(ledger.Door);
        foreach (var choice in Enum.GetValues<UnverifiedFrom>())
        {
            var from = new Mailbox(null, Parse("ceo@" + tried));
            var verdict = await policy.JudgeAsync(Caller(mine, choice), from, null, "from");
            Assert.Equal("domain_not_verified", verdict.Refusal!.Code);
        }

        var lines = await ledger.QueryAsync<(Guid? Of, string Actor, string Target, string Data)>(
            "SELECT tenant_id, actor, target, data::text FROM audit WHERE action = 'send.refused'"
        );
        var line = Assert.Single(lines); // the second try within the minute adds none
        Assert.Equal((null, $"key:{mine.Key.Id}", tried.ToLowerInvariant()), (line.Of, line.Actor, line.Target));
        Assert.Contains($"{mine.Id}", line.Data, StringComparison.Ordinal);
        Assert.Contains($"{owner.Id}", line.Data, StringComparison.Ordinal);
        Assert.Contains(owned, line.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unverified_From_is_shown_as_via_the_tenant_where_the_tenant_chose_so()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var mine = await ledger.CreateTenantAsync("mine.example");
        var policy = Policy(ledger.Door);
        Assert.Equal("Ann via Shop <hello@mine.example>", await ShownAsync("Ann"));
        Assert.Equal("ann@gmail.example via Shop <hello@mine.example>", await ShownAsync(null));
        Assert.Equal("Hector\" <>( via Shop <hello@mine.example>", await ShownAsync("Hector\" <>("));
        Assert.True((await ShownAsync(new string('x', 4_000)))!.Length < 300);

        // Its own address is needed, of a domain that is still its own.
        var elsewhere = Caller(mine, UnverifiedFrom.Rewrite, "hello@lost.example");
        Assert.NotNull((await policy.JudgeAsync(elsewhere, Ann("Ann"), null, "from")).Refusal);
        // And the key must reach it.
        var narrowed = Caller(mine, UnverifiedFrom.Rewrite) with
        {
            Domains = Set("other.example"),
        };
        Assert.Equal("key_narrowed", (await policy.JudgeAsync(narrowed, Ann("Ann"), null, "from")).Refusal!.Code);

        async Task<string?> ShownAsync(string? name)
        {
            var verdict = await policy.JudgeAsync(Caller(mine, UnverifiedFrom.Rewrite), Ann(name), null, "from");
            Assert.Null(verdict.Refusal);
            return $"{verdict.Shown!.Name} <{verdict.Shown.Address}>";
        }

        static Mailbox Ann(string? name) => new(name, Parse("ann@gmail.example"));
    }

    [Fact]
    public async Task A_key_sends_for_the_domains_it_is_narrowed_to()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var mine = await ledger.CreateTenantAsync("mine.example");
        var policy = Policy(ledger.Door);
        var caller = Caller(mine, UnverifiedFrom.Refuse) with
        {
            Tenant = new TenantSnapshot(mine.Id, "Shop", Set("mine.example", "other.example")),
            Domains = Set("other.example"),
        };
        var (one, other) = (new Mailbox(null, Parse("a@mine.example")), new Mailbox(null, Parse("a@other.example")));
        Assert.Null((await policy.JudgeAsync(caller, other, null, "from")).Refusal);
        var refused = (await policy.JudgeAsync(caller, one, null, "from")).Refusal!;
        Assert.Equal((403, "key_narrowed", "from"), (refused.Status, refused.Code, refused.Field));
        var sender = await policy.JudgeAsync(caller, other, one.Address, "From");
        Assert.Equal(("key_narrowed", "Sender"), (sender.Refusal!.Code, sender.Refusal.Field));
    }

    [Fact]
    public async Task While_owners_cannot_be_looked_up_what_would_be_rewritten_comes_again_later()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var mine = await ledger.CreateTenantAsync("mine.example");
        await using var away = Npgsql.NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=x;Password=x;Timeout=2");
        var policy = Policy(away);
        var from = new Mailbox(null, Parse("a@elsewhere.example"));
        var rewrite = await policy.JudgeAsync(Caller(mine, UnverifiedFrom.Rewrite), from, null, "from");
        Assert.Equal(503, rewrite.Refusal!.Status);
        var refuse = await policy.JudgeAsync(Caller(mine, UnverifiedFrom.Refuse), from, null, "from");
        Assert.Equal(403, refuse.Refusal!.Status);
    }

    private static SenderPolicy Policy(Npgsql.NpgsqlDataSource door) =>
        new(
            new DomainOwners(door, PublicSuffixList.WithoutFile, TimeProvider.System, NullLogger<DomainOwners>.Instance)
        );

    private static Caller Caller(TestTenant tenant, UnverifiedFrom choice, string own = "hello@mine.example") =>
        new(
            new TenantSnapshot(tenant.Id, "Shop", Set(tenant.Domain))
            {
                Settings = new() { UnverifiedFrom = choice, RewriteFromAddress = own },
            },
            tenant.Key.Id,
            "live",
            Set("send")
        );

    private static FrozenSet<string> Set(params string[] words) => words.ToFrozenSet(StringComparer.Ordinal);

    private static EmailAddress Parse(string text) =>
        EmailAddress.TryParse(text, out var address, out _) ? address : throw new FormatException(text);

    private static bool IsRelated(string domain, string owned) =>
        domain == owned
        || domain.EndsWith("." + owned, StringComparison.Ordinal)
        || owned.EndsWith("." + domain, StringComparison.Ordinal);

    private static string Foreign(Random random, string[] owned)
    {
        var name = random.Next(6) switch
        {
            0 => $"other{random.Next(50)}.example",
            1 => "mine.example." + owned[random.Next(owned.Length)],
            2 => "evilmine.example",
            3 => "a.sub.mine.example",
            4 => "bücher.example",
            _ => owned[random.Next(owned.Length)],
        };
        return random.Next(7) switch
        {
            0 => name.ToUpperInvariant(),
            1 => $"m{random.Next(20)}.{name}",
            2 => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..],
            3 => string.Concat(name.Select(c => c is > ' ' and <= '~' ? (char)(c + 0xfee0) : c)),
            4 => name.Replace('e', '\u0435'),
            5 => name.Replace(".", "\u3002", StringComparison.Ordinal),
            _ => name,
        };
    }
}
