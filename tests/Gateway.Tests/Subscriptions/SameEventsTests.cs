using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;
using ProviderEmulators;
using ProviderEmulators.Events;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;
using ProviderEmulators.Smtp;

namespace Gateway.Tests.Subscriptions;

/// <summary>Whichever path carried the mail, and whichever died meanwhile: the tenant's endpoint hears the same (S1).</summary>
public sealed class SameEventsTests(TestCluster cluster)
{
    private const int Each = 8;
    private static readonly EmulatorPorts Plain = new() { Tls = false };

    [Fact]
    public async Task Over_each_path_and_through_two_failovers_the_same_events_arrive_and_none_is_lost()
    {
        await using var first = await SendGridEmulator.StartAsync(Plain);
        await using var second = await MailgunEmulator.StartAsync(Plain);
        await using var third = new RelayEmulator(Plain);
        var (sendGrid, mailgun) = (new SendGridWriter(), new MailgunWriter());
        var settings = Settings(first, second, third, sendGrid, mailgun);
        await using var gateway = await RunningGateway.StartAsync(cluster, settings: settings);
        var webhooks = await gateway.StartWebhooksAsync();
        await using var firstTells = await PosterAsync(gateway, webhooks, "first", first, sendGrid);
        await using var secondTells = await PosterAsync(gateway, webhooks, "second", second, mailgun);
        await using var receiver = await Receiver.StartAsync();
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        await client.PostJsonAsync("/v1/subscriptions", new { url = receiver.Url() }).Expect(201);

        await SendAsync(client, tenant, gateway, Each);
        first.Faults.Add(first.Scenarios["block401"]);
        await SendAsync(client, tenant, gateway, 2 * Each);
        second.Faults.Add(second.Scenarios["block401"]);
        await SendAsync(client, tenant, gateway, 3 * Each);

        await Eventually.TrueAsync(
            () =>
                Task.FromResult(
                    firstTells.Taken == first.Store.Events.Count && secondTells.Taken == second.Store.Events.Count
                ),
            "the providers told all"
        );
        await Eventually.EqualAsync(
            0L,
            () => gateway.Ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_due"),
            "requests to read"
        );
        var committed = await gateway.Ledger.QueryAsync<Guid>(
            "SELECT id FROM events WHERE tenant_id = @Id ORDER BY id",
            new { tenant.Id }
        );
        await Eventually.TrueAsync(
            () => Task.FromResult(receiver.Calls.Select(c => c.Id).Distinct().Count() >= committed.Count),
            "each event arrives"
        );
        Assert.Equal(committed, receiver.Calls.Select(c => Guid.Parse(c.Id)).Distinct().Order());
        var shapes = receiver
            .Calls.Where(c => c.Type is "sent" or "processed" or "delivered")
            .GroupBy(c => (Path: PathOf(c), c.Type))
            .ToDictionary(g => g.Key, g => Assert.Single(g.Select(Shape).Distinct()));
        Assert.Equal(
            ["delivered", "processed", "sent"],
            shapes.Keys.Where(k => k.Path == "first").Select(k => k.Type).Order()
        );
        Assert.All(
            ["delivered", "processed", "sent"],
            type => Assert.Equal(shapes[("first", type)], shapes[("second", type)])
        );
        Assert.True(receiver.Calls.Any(c => c.Type == "sent" && PathOf(c) == "third"), "the relay took the last ones");
    }

    private static Dictionary<string, string?> Settings(
        SendGridEmulator first,
        MailgunEmulator second,
        RelayEmulator third,
        SendGridWriter sendGrid,
        MailgunWriter mailgun
    ) =>
        new()
        {
            ["Gateway__Paths__first__Provider"] = "sendgrid",
            ["Gateway__Paths__first__ApiKey"] = SendGridEmulator.ApiKey,
            ["Gateway__Paths__first__BaseUrl"] = first.Api!.ToString(),
            ["Gateway__Paths__first__AllowPlaintext"] = "true",
            ["Gateway__Paths__first__EventsPublicKey"] = sendGrid.PublicKey,
            ["Gateway__Paths__second__Provider"] = "mailgun",
            ["Gateway__Paths__second__ApiKey"] = MailgunEmulator.ApiKey,
            ["Gateway__Paths__second__BaseUrl"] = second.Api!.ToString(),
            ["Gateway__Paths__second__AllowPlaintext"] = "true",
            ["Gateway__Paths__second__EventsSigningKey"] = mailgun.SigningKey,
            ["Gateway__Paths__third__Provider"] = "smtp",
            ["Gateway__Paths__third__Host"] = "127.0.0.1",
            ["Gateway__Paths__third__Port"] = $"{third.SmtpPort}",
            ["Gateway__Paths__third__Tls"] = "None",
            ["Gateway__Paths__third__AllowPlaintextAuth"] = "true",
            ["Gateway__Paths__third__User"] = RelayEmulator.User,
            ["Gateway__Paths__third__Secret"] = RelayEmulator.Secret,
            ["Gateway__Route__0"] = "first",
            ["Gateway__Route__1"] = "second",
            ["Gateway__Route__2"] = "third",
        };

    private static async Task<EventPoster> PosterAsync(
        RunningGateway gateway,
        HostProcess webhooks,
        string path,
        EmulatedProvider provider,
        IEventWriter writer
    )
    {
        var address = await gateway.Ledger.ScalarAsync<string>(
            "SELECT '/in/' || provider || '/' || endpoint FROM path_endpoints JOIN paths USING (path) WHERE path = @path",
            new { path }
        );
        return new EventPoster(provider.Store, new Uri(webhooks.Address, address), writer);
    }

    private static async Task SendAsync(HttpClient client, TestTenant tenant, RunningGateway gateway, int total)
    {
        for (var i = 0; i < Each; i++)
        {
            await client.PostJsonAsync("/v1/messages", Asking.Mail(tenant.Address)).Expect(202);
        }

        // A standby has its standing share, and the relay tells of no delivery.
        await Eventually.EqualAsync(
            (long)total,
            () =>
                gateway.Ledger.ScalarAsync<long>(
                    "SELECT count(*) FROM deliveries WHERE state = 'delivered' OR (state, path) = ('sent', 'third')"
                ),
            "deliveries at their end"
        );
    }

    private static string PathOf(Call call) =>
        call.Json.GetProperty("data").GetProperty("data").GetProperty("path").GetString()!;

    /// <summary>The names of all fields, inner ones too; without the receiver's words, which not every provider passes on.</summary>
    private static string Shape(Call call) =>
        string.Join(
            ' ',
            call.Json.GetProperty("data")
                .EnumerateObject()
                .SelectMany(p =>
                    p.Value.ValueKind == System.Text.Json.JsonValueKind.Object
                        ? p.Value.EnumerateObject().Select(i => $"{p.Name}.{i.Name}")
                        : [p.Name]
                )
                .Where(name => name is not ("data.reply" or "data.status"))
                .Order(StringComparer.Ordinal)
        );
}
