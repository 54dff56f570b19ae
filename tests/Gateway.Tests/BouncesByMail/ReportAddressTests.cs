using Gateway.Ledger;
using Gateway.ReturnMail;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.BouncesByMail;

/// <summary>Postmaster, abuse and the addresses of feedback loops: taken, and believed only by what carries our mac.</summary>
public sealed class ReportAddressTests(TestCluster cluster)
{
    [Theory]
    [InlineData("postmaster@bounces.example")]
    [InlineData("PostMaster@BOUNCES.example")]
    [InlineData("postmaster")]
    [InlineData("Postmaster")]
    [InlineData("abuse@bounces.example")]
    [InlineData("fbl@bounces.example")]
    [InlineData("FBL@bounces.example")]
    public async Task Everybodys_addresses_are_taken_and_what_people_write_there_is_kept_and_answered_by_nobody(
        string to
    )
    {
        await using var host = await StartAsync();
        Assert.StartsWith(
            "250",
            await host.BringAsync("ann@example.net", to, Reports.Person),
            StringComparison.Ordinal
        );
        await host.ReadAllAsync(1);
        Assert.Equal(
            "report unmatched true",
            await host.Ledger.ScalarAsync<string>(
                "SELECT kind || ' ' || outcome || ' ' || (convert_from(content, 'UTF8') LIKE '%call me%') FROM inbound_mail"
            )
        );
    }

    [Fact]
    public async Task A_complaint_counts_where_its_copy_proves_which_mail_it_is_about()
    {
        await using var host = await StartAsync();
        var tenant = await host.Ledger.CreateTenantAsync();
        (string Name, Func<Guid, string> Content)[] cases =
        [
            ("sender", id => Reports.Feedback($"Return-Path: <{host.Addresses.Bounce(id, 1)}>")),
            (
                "field",
                id => Reports.Feedback("X-Copy: 1", more: $"Original-Mail-From: <{host.Addresses.Bounce(id, 1)}>")
            ),
            (
                "mailto",
                id => Reports.Feedback($"List-Unsubscribe: <mailto:{host.Addresses.Unsubscribe(id)}?subject=leave>")
            ),
            (
                "link",
                id =>
                    Reports.Feedback(
                        $"List-Unsubscribe: <https://elsewhere.example/u/x>,{Environment.NewLine} <https://mail.example/{Link(host, tenant.Id, id)}>"
                    )
            ),
            // Hosts fold the case of local parts, and forwarders wrap them.
            (
                "wrapped",
                id =>
                    Reports.Feedback(
                        $"Return-Path: <SRS0=HHH=TT=bounces.example={Local(host, id)}@forwarder.example>{Environment.NewLine}List-Unsubscribe: <MAILTO:{host.Addresses.Unsubscribe(id).ToUpperInvariant()}>"
                    )
            ),
        ];
        var deliveries = await host.SentAsync(tenant, "broadcast", [.. cases.Select(c => $"{c.Name}@example.net")]);
        foreach (var (delivery, (_, content)) in deliveries.Zip(cases))
        {
            await host.BringAsync("fbl@mail.example.net", "fbl@bounces.example", content(delivery));
        }

        await host.ReadAllAsync(cases.Length);
        await host.FollowAsync();
        foreach (var (delivery, (name, _)) in deliveries.Zip(cases))
        {
            Assert.Equal((name, "delivered | delivered complained"), (name, await host.StateAsync(delivery)));
            Assert.Equal((name, "broadcast complaint arf"), (name, await host.ListOfAsync($"{name}@example.net")));
        }
    }

    [Fact]
    public async Task What_proves_nothing_or_is_no_complaint_changes_nothing()
    {
        await using var host = await StartAsync();
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        var (bounce, other) = (host.Addresses.Bounce(delivery, 1), new ReturnAddresses(TestKeys.Ring, "other.example"));
        var gone = host.Addresses.Bounce(
            LedgerId.Delivery(LedgerId.NewMessage(DateTimeOffset.UtcNow.AddDays(-200)), 1),
            1
        );
        (string Outcome, string Content)[] cases =
        [
            // Ids that stand there in the clear, and an address whose mac is not right.
            ("unmatched", Reports.Feedback($"X-Gw-Message-Id: {delivery:N}\nMessage-ID: <{delivery:N}@example.com>")),
            ("unmatched", Reports.Feedback($"Return-Path: <{(bounce[5] == 'a' ? "b-bb" : "b-aa")}{bounce[4..]}>")),
            ("unmatched", Reports.Feedback($"Return-Path: <{other.Bounce(delivery, 1)}>")),
            ("unmatched", Reports.Feedback("Subject: no copy")),
            ("unmatched", Reports.Feedback("X-Many: " + string.Concat(Enumerable.Repeat("<", 2_000)))),
            (
                "unmatched",
                Reports
                    .Unknown("ann@example.net")
                    .Replace(
                        "--b--",
                        $"--b\nContent-Type: message/rfc822\n\nReturn-Path: <{bounce}>\nFrom: <a@b.example>\n\nx\n--b--",
                        StringComparison.Ordinal
                    )
            ),
            ("unmatched", Reports.Leave),
            ("auto_reply", Reports.Vacation),
            ("not_spam", Reports.Feedback($"Return-Path: <{bounce}>", "not-spam")),
            ("auth_failure", Reports.Feedback($"Return-Path: <{bounce}>", "auth-failure")),
            ("orphan", Reports.Feedback($"Return-Path: <{gone}>")),
        ];
        foreach (var (_, content) in cases)
        {
            await host.BringAsync("fbl@mail.example.net", "abuse@bounces.example", content);
        }

        await host.ReadAllAsync(cases.Length);
        Assert.Equal(
            cases.Select(c => c.Outcome).Order(StringComparer.Ordinal),
            (await host.Ledger.QueryAsync<string>("SELECT outcome FROM inbound_mail")).Order(StringComparer.Ordinal)
        );
        Assert.Equal("sent final |", await host.StateAsync(delivery));
    }

    [Fact]
    public async Task The_same_complaint_by_both_addresses_twice_is_one_event()
    {
        await using var host = await StartAsync();
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        var complaint = Reports.Feedback($"Return-Path: <{host.Addresses.Bounce(delivery, 1)}>");
        foreach (
            var to in (string[])["fbl@bounces.example", "abuse@bounces.example", host.Addresses.Bounce(delivery, 1)]
        )
        {
            await host.BringAsync("", to, complaint);
        }

        await host.ReadAllAsync(3);
        Assert.Equal("delivered | delivered complained", await host.StateAsync(delivery));
    }

    [Fact]
    public async Task How_much_strangers_may_leave_there_is_bounded_and_other_mail_is_taken_on()
    {
        await using var host = await StartAsync(("Gateway:Inbound:ReportBytesPerHour", "70000"));
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "broadcast", "ann@example.net"))[0];
        var large = Reports.Person + "\r\n\r\n" + string.Concat(Enumerable.Repeat("0123456789\r\n", 8_000));
        Assert.StartsWith(
            "250",
            await host.BringAsync("", "postmaster@bounces.example", large),
            StringComparison.Ordinal
        );
        Assert.StartsWith("250", await host.BringAsync("", "abuse@bounces.example", large), StringComparison.Ordinal);
        Assert.StartsWith("452 4.3.1", await host.BringAsync("", "postmaster", "x"), StringComparison.Ordinal);
        Assert.StartsWith(
            "250",
            await host.BringAsync("", host.Addresses.Bounce(delivery, 1), Reports.Unknown("ann@example.net")),
            StringComparison.Ordinal
        );
        Assert.Equal(
            65_536,
            await host.Ledger.ScalarAsync<int>("SELECT max(length(content)) FROM inbound_mail WHERE kind = 'report'")
        );
    }

    [Theory]
    [InlineData("fbl@bounces.example")]
    [InlineData("")]
    [InlineData("a b")]
    public void An_address_that_is_no_local_part_stops_the_start(string name) =>
        Assert.Contains(
            "ReportAddresses:0",
            Assert.Single(
                new Gateway.Webhooks.Mail.InboundMailOptions { ReportAddresses = [name] }.Problems("x.example")
            ),
            StringComparison.Ordinal
        );

    private Task<ReturnHost> StartAsync(params (string, string)[] settings) =>
        ReturnHost.StartAsync(cluster, [("Gateway:Inbound:ReportAddresses:0", "fbl"), .. settings]);

    private static string Link(ReturnHost host, Guid tenant, Guid delivery) =>
        UnsubscribeLinks.Folder + host.Links.Write(new(tenant, delivery, "broadcast", "link@example.net"));

    private static string Local(ReturnHost host, Guid delivery) => host.Addresses.Bounce(delivery, 1).Split('@')[0];
}
