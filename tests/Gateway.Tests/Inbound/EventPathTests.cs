using Gateway.Tests.Egress;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Inbound;

/// <summary>Paths that tell events, through the operator's door.</summary>
public sealed class EventPathTests(EgressGateway gateway) : IClassFixture<EgressGateway>
{
    [Fact]
    public async Task A_path_that_only_tells_events_has_its_door_and_carries_nothing()
    {
        using var ops = gateway.Operator();
        await ops.PostJsonAsync(
                "/ops/v1/paths",
                new
                {
                    path = "ses-eu",
                    provider = "ses",
                    settings = new { EventsTopics = "arn:aws:sns:eu-west-1:123456789012:gw" },
                    reason = "events of the old system",
                }
            )
            .Expect(200);

        var path = await ops.GetJsonAsync("/ops/v1/paths/ses-eu").Expect(200);
        Assert.Matches("^/in/ses/[0-9a-f]{32}$", path.Body["events"]!["url_path"]!.ToString());
        Assert.Equal("[\"EventsTopics\"]", path.Body["events"]!["settings"]!.ToJsonString());
        Assert.Equal("[]", path.Body["events"]!["missing"]!.ToJsonString());
        Assert.Null(path.Body["probation"]);

        await ops.PostJsonAsync(
                "/ops/v1/routes",
                new
                {
                    place = 7,
                    from_domain = "only.example",
                    tiers = new[] { new { paths = new[] { new { path = "ses-eu", weight = 1 } } } },
                    reason = "to see why not",
                }
            )
            .Expect(200);
        var plan = await ops.GetJsonAsync("/ops/v1/routes/explain?from=a@only.example&to=b@else.example").Expect(200);
        Assert.Equal("[]", plan.Body["candidates"]!.ToJsonString());
        Assert.Contains("events only", plan.Body["rejected"]![0]!["why"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_or_wrong_in_the_settings_is_said()
    {
        using var ops = gateway.Operator();
        object Path(string name, string provider, object settings, object? secret = null) =>
            new
            {
                path = name,
                provider,
                settings,
                secret,
                reason = "a test",
            };
        await ops.PostJsonAsync("/ops/v1/paths", Path("bad-topic", "ses", new { EventsTopics = "gw" })).Expect(422);
        await ops.PostJsonAsync("/ops/v1/paths", Path("half", "postmark", new { EventsUser = "u" })).Expect(422);
        await ops.PostJsonAsync(
                "/ops/v1/paths",
                Path("bad-key", "sendgrid", new { EventsPublicKey = "no" }, new { ApiKey = "SG.x" })
            )
            .Expect(422);
        await ops.PostJsonAsync(
                "/ops/v1/paths",
                Path("plain", "postmark", new { EventsUser = "u", EventsPassword = "0123456789abcdef" })
            )
            .Expect(422);
        await ops.PostJsonAsync("/ops/v1/paths", Path("later", "sendgrid", new { }, new { ApiKey = "SG.x" }))
            .Expect(200);
        await ops.PostJsonAsync(
                "/ops/v1/paths",
                Path("sealed", "postmark", new { EventsUser = "u" }, new { EventsPassword = "0123456789abcdef" })
            )
            .Expect(200);

        var later = await ops.GetJsonAsync("/ops/v1/paths/later").Expect(200);
        Assert.Equal("[\"EventsPublicKey\"]", later.Body["events"]!["missing"]!.ToJsonString());
        var sealedPath = await ops.GetJsonAsync("/ops/v1/paths/sealed").Expect(200);
        Assert.Equal("[]", sealedPath.Body["events"]!["missing"]!.ToJsonString());
        Assert.Null((await ops.GetJsonAsync("/ops/v1/paths/first").Expect(200)).Body["events"]);
    }
}
