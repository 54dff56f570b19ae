using System.Text.RegularExpressions;
using Gateway.Ledger;
using Gateway.Tests.AppHost;
using Gateway.Tests.Cluster;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Subscriptions;

/// <summary>Webhooks as their tenant manages them; nothing is sent here.</summary>
public sealed partial class SubscriptionEndpointTests(TestCluster cluster)
{
    private const string Url = "https://93.184.216.34/in?token=t";

    [Fact]
    public async Task The_secret_is_shown_once_and_stored_sealed()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(Url, "delivered", "domain.*");
        Assert.Matches("^whsec_[A-Za-z0-9+/]{43}=$", subscriber.Secret);
        var shown = await subscriber.ReadAsync();
        Assert.Null(shown["secret"]);
        Assert.Equal((Url, "active", "0"), (shown["url"], shown["state"], shown["waiting"]));
        Assert.Equal("""["delivered","domain.*"]""", shown.Body["types"]!.ToJsonString());
        var stored = await host.Ledger.ScalarAsync<string>("SELECT row_to_json(s)::text FROM subscriptions s");
        Assert.DoesNotContain(
            Convert.ToHexStringLower(Convert.FromBase64String(subscriber.Secret["whsec_".Length..])),
            stored,
            StringComparison.Ordinal
        );
        Assert.Equal(
            1L,
            await host.Ledger.ScalarAsync<long>(
                "SELECT count(*) FROM audit WHERE action = 'subscription.create' AND target = @id AND data::text NOT LIKE '%token%'",
                new { id = subscriber.Id.ToString() }
            )
        );
    }

    private static readonly (string Body, string Field, string Code)[] Wrong =
    [
        ("""{}""", "url", "required"),
        ("""{"url":7}""", "url", "wrong_type"),
        ("""{"url":"https://93.184.216.34/","types":["nonsense"]}""", "types[0]", "not_accepted"),
        ("""{"url":"https://93.184.216.34/","types":"sent"}""", "types", "not_accepted"),
        ("""{"url":"https://93.184.216.34/","state":"paused"}""", "state", "unknown_field"),
        ("""{"url":"https://93.184.216.34/","secret":"whsec_x"}""", "secret", "unknown_field"),
    ];

    [Fact]
    public async Task A_wrong_field_is_named_with_what_would_be_accepted()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var client = host.Client(await host.Ledger.CreateTenantAsync());
        foreach (var (body, field, code) in Wrong)
        {
            var refused = await client.PostJsonAsync("/v1/subscriptions", body).Expect(422, code);
            Assert.Equal(field, refused["field"]);
            Assert.NotEmpty(refused["accepted"]!);
        }
    }

    [Fact]
    public async Task A_change_keeps_what_it_does_not_name()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(Url, "sent");
        var changed = await subscriber.ChangeAsync(new { description = "orders" }).Expect(200);
        Assert.Equal((Url, "orders"), (changed["url"], changed["description"]));
        changed = await subscriber.ChangeAsync("""{"types": null, "state": "paused"}""").Expect(200);
        Assert.Equal(
            ("[]", "paused", "orders"),
            (changed.Body["types"]!.ToJsonString(), changed["state"], changed["description"])
        );
        Assert.NotNull(changed["stopped_at"]);
        changed = await subscriber.ChangeAsync("""{"description": null, "state": "active"}""").Expect(200);
        Assert.Equal((null, null), (changed["description"], changed["stopped_at"]));
        await subscriber.ChangeAsync(new { state = "disabled" }).Expect(422, "not_accepted");
    }

    [Fact]
    public async Task They_are_listed_newest_first_bounded_and_deleted_whole()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        using var client = host.Client(tenant);
        List<string> ids = [];
        for (var i = 0; i < 50; i++)
        {
            ids.Add((await client.PostJsonAsync("/v1/subscriptions", new { url = Url }).Expect(201))["id"]!);
        }

        await client.PostJsonAsync("/v1/subscriptions", new { url = Url }).Expect(409, "too_many_subscriptions");
        var first = await client.GetJsonAsync("/v1/subscriptions?limit=30").Expect(200);
        var second = await client.GetJsonAsync($"/v1/subscriptions?limit=30&cursor={first["next"]}").Expect(200);
        Assert.Null(second["next"]);
        // Two of one millisecond have no order but that of their ids.
        Assert.Equal(
            ids.OrderDescending(StringComparer.Ordinal),
            first.Items.Concat(second.Items).Select(i => i["id"]!.ToString())
        );
        await client.AskAsync(HttpMethod.Delete, $"/v1/subscriptions/{ids[0]}", null).Expect(204);
        await client.AskAsync(HttpMethod.Delete, $"/v1/subscriptions/{ids[0]}", null).Expect(404);
        await client.GetJsonAsync($"/v1/subscriptions/{ids[0]}").Expect(404);
        Assert.Equal(49L, await host.Ledger.ScalarAsync<long>("SELECT count(*) FROM subscription_places"));
    }

    private static readonly (string Body, string Field)[] NoReplay =
    [
        ("""{}""", "since"),
        ("""{"events":[]}""", "events"),
        ("""{"events":["x"]}""", "events[0]"),
        ("""{"since":"2020-01-01T00:00:00Z"}""", "since"),
        ("""{"since":"2999-01-01T00:00:00Z"}""", "since"),
        ("""{"events":["0199c0de-0000-7000-8000-000000000000"],"since":"2026-01-01T00:00:00Z"}""", "events"),
    ];

    [Fact]
    public async Task A_replay_names_events_that_were_tried_or_a_window_of_30_days()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(Url);
        foreach (var (body, field) in NoReplay)
        {
            var wrong = await subscriber.Client.PostJsonAsync($"{subscriber.Path}/replay", body).Expect(422);
            Assert.Contains(field, wrong.Body.ToJsonString(), StringComparison.Ordinal);
        }

        var id = Guid.CreateVersion7();
        var refused = await subscriber
            .Client.PostJsonAsync($"{subscriber.Path}/replay", new { events = new[] { id } })
            .Expect(409, "event_not_known");
        Assert.Equal(id.ToString(), refused["value"]);
    }

    [Fact]
    public async Task Only_a_key_that_may_manage_sees_them()
    {
        await using var host = await SubscriptionHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        await host.Ledger.ExecuteAsync("UPDATE api_keys SET scopes = '{send,read}'");
        using var client = host.Client(tenant);
        await client.GetJsonAsync("/v1/subscriptions").Expect(403, "scope_missing");
    }

    [Fact]
    public void The_tenants_page_names_every_type_of_event_and_none_that_does_not_exist()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "webhooks.md"));
        Assert.Equal(
            EventType.All.Select(t => (t.Name, t.Means)).Order(),
            TypeRow().Matches(page).Select(m => (m.Groups["name"].Value, m.Groups["means"].Value)).Order()
        );
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z_.]+)` \| (?<means>[^|]+?) \|$", RegexOptions.Multiline, 1_000)]
    private static partial Regex TypeRow();
}
