using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using ProviderEmulators;
using ProviderEmulators.Events;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;
using SystemTests.History;
using SystemTests.Installed;

namespace SystemTests;

/// <summary>
/// Our own outage: Gateway.Webhooks is killed and stays away while mail goes on over two providers, which post each event
/// once more by their own schedules. Afterwards every event is in the ledger once, and the tenant was told all of it.
/// </summary>
[Collection("machine")]
public sealed class EventOutageTests
{
    private const double PerSecond = 10;
    private static readonly TimeSpan WellFor = TimeSpan.FromSeconds(5);

    /// <summary>What the providers' schedules are made for here; a shorter one shortens them by as much.</summary>
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Outage = TimeSpan.FromMinutes(
        double.TryParse(
            Environment.GetEnvironmentVariable("GATEWAY_EVENT_OUTAGE_MINUTES"),
            CultureInfo.InvariantCulture,
            out var minutes
        )
            ? minutes
            : 1.0 / 3
    );

    [Fact(Explicit = true)]
    public async Task After_an_outage_of_ours_every_event_is_there_once_and_the_tenant_was_told()
    {
        await using var sendGrid = await SendGridEmulator.StartAsync(new() { Tls = false });
        await using var mailgun = await MailgunEmulator.StartAsync(new() { Tls = false });
        using var sendGridWriter = new SendGridWriter();
        var mailgunWriter = new MailgunWriter();
        await using var hooks = await HookReceiver.StartAsync();
        await using var installation = await Installation.StartAsync(
            new() { Webhooks = 1, Settings = Settings(sendGrid, mailgun, sendGridWriter, mailgunWriter) }
        );
        await using var first = await PosterAsync(installation, sendGrid, sendGridWriter, RetrySchedules.SendGrid);
        await using var second = await PosterAsync(installation, mailgun, mailgunWriter, RetrySchedules.Mailgun);
        var tenant = await installation.Ledger.CreateTenantAsync();
        await hooks.SubscribeAsync(installation, tenant);

        using var enough = new CancellationTokenSource();
        var load = LoadAsync(installation, tenant, enough.Token);
        await Task.Delay(WellFor);
        await installation.Webhooks[0].KillAsync();
        await Task.Delay(Outage);
        var back = Stopwatch.StartNew();
        await installation.Webhooks[0].StartAsync();
        await Task.Delay(WellFor);
        await enough.CancelAsync();
        var accepted = await load;

        // Each is "processed" or "accepted" first and "delivered" then.
        await UntilAsync(
            () => Task.FromResult(sendGrid.Store.Events.Count + mailgun.Store.Events.Count == 2 * accepted),
            $"the providers have taken all of {accepted} mails",
            TimeSpan.FromMinutes(2)
        );
        await UntilAsync(
            () => Task.FromResult(first.Taken + second.Taken + first.GivenUp + second.GivenUp == 2 * accepted),
            "the providers have told or given up all",
            (Outage * 2) + TimeSpan.FromMinutes(15)
        );
        Task<long> RecordedAsync() =>
            installation.Ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE data ->> 'source' = 'provider'");
        await UntilAsync(
            async () => await RecordedAsync() >= 2 * accepted,
            "every event is recorded",
            TimeSpan.FromMinutes(1)
        );
        var (all, recorded) = (back.Elapsed, await RecordedAsync());
        var picture = await LedgerPicture.TakeAsync(installation.Ledger.Owner);
        var told = await HookCheck.TakeAsync(hooks, picture, installation.Ledger, TimeSpan.FromMinutes(1));
        var states = await installation.Ledger.QueryAsync<(string State, long Count)>(
            "SELECT state, count(*) FROM deliveries GROUP BY state"
        );

        var (failures, givenUp) = (first.Failures + second.Failures, first.GivenUp + second.GivenUp);
        var lost = (2 * accepted) - recorded;
        Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                outage: {Outage.TotalSeconds:0} s without Gateway.Webhooks (kill -9), {accepted} mails at {PerSecond}/s over sendgrid and mailgun
                told by the providers: {2
                    * accepted} events, {failures} requests not taken, {givenUp} events given up; in the ledger {recorded}, lost {lost}
                the last {all.TotalSeconds:0.0} s after the return began (schedules x {Outage
                    / Whole:0.###}); told to the tenant {told.Received} of {told.Committed}, {told.ReceivedTwice} more than once
                """
            )
        );
        Assert.Equal(2L * accepted, recorded);
        Assert.Equal([("delivered", (long)accepted)], states);
        Assert.Equal(0, givenUp);
        Assert.True(failures > 0, "the providers were refused nothing");
        Assert.Empty(told.Violations);
    }

    private static Dictionary<string, string?> Settings(
        SendGridEmulator sendGrid,
        MailgunEmulator mailgun,
        SendGridWriter sendGridWriter,
        MailgunWriter mailgunWriter
    ) =>
        new()
        {
            ["Gateway__Paths__sendgrid__Provider"] = "sendgrid",
            ["Gateway__Paths__sendgrid__ApiKey"] = SendGridEmulator.ApiKey,
            ["Gateway__Paths__sendgrid__BaseUrl"] = sendGrid.Api!.ToString(),
            ["Gateway__Paths__sendgrid__AllowPlaintext"] = "true",
            ["Gateway__Paths__sendgrid__EventsPublicKey"] = sendGridWriter.PublicKey,
            ["Gateway__Paths__mailgun__Provider"] = "mailgun",
            ["Gateway__Paths__mailgun__ApiKey"] = MailgunEmulator.ApiKey,
            ["Gateway__Paths__mailgun__BaseUrl"] = mailgun.Api!.ToString(),
            ["Gateway__Paths__mailgun__AllowPlaintext"] = "true",
            ["Gateway__Paths__mailgun__EventsSigningKey"] = mailgunWriter.SigningKey,
            ["Gateway__Route__0"] = "sendgrid=1, mailgun=1",
        };

    private static async Task<EventPoster> PosterAsync(
        Installation installation,
        EmulatedProvider provider,
        IEventWriter writer,
        IReadOnlyList<TimeSpan> schedule
    )
    {
        const string Door =
            "SELECT '/in/' || provider || '/' || endpoint FROM path_endpoints JOIN paths USING (path) WHERE path = ";
        var door = await installation.Ledger.ScalarAsync<string>($"{Door}'{provider.Name}'");
        return new EventPoster(
            provider.Store,
            new Uri(installation.Webhooks[0].Address, door),
            writer,
            new PosterOptions { Batch = 10, Retries = schedule.Scaled(Outage / Whole) }
        );
    }

    /// <summary>Posts at the rate until told to stop; how many were accepted.</summary>
    private static async Task<int> LoadAsync(Installation installation, InstalledTenant tenant, CancellationToken stop)
    {
        using var client = Installation.Client(installation.Apis[0], tenant);
        var (watch, posted) = (Stopwatch.StartNew(), new List<Task>());
        while (!stop.IsCancellationRequested)
        {
            while (posted.Count < watch.Elapsed.TotalSeconds * PerSecond)
            {
                posted.Add(PostAsync($"r{posted.Count}@example.net"));
            }

            await Task.Delay(20, CancellationToken.None);
        }

        await Task.WhenAll(posted);
        return posted.Count;

        async Task PostAsync(string to)
        {
            using var answer = await client.PostAsJsonAsync(
                "/v1/messages",
                new
                {
                    from = tenant.Address,
                    to = new[] { to },
                    subject = to,
                    text = "x",
                },
                CancellationToken.None
            );
            Assert.Equal(202, (int)answer.StatusCode);
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what, TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(watch.Elapsed < within, $"not within {within}: {what}");
            await Task.Delay(200);
        }
    }

    private static void Tell(string page)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(page);
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            File.AppendAllText(file, page + "\n");
        }
    }
}
