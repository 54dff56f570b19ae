using System.Diagnostics;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;
using Gateway.Webhooks.Inbound;
using Microsoft.Extensions.DependencyInjection;
using ProviderEmulators;
using ProviderEmulators.Events;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;

namespace Gateway.Tests.Inbound;

/// <summary>Emulated providers with their vices: they repeat, mix up, delay, and others forge.</summary>
public sealed class EmulatedEventTests(TestCluster cluster)
{
    [Theory]
    [InlineData("sendgrid")]
    [InlineData("mailgun")]
    public async Task Repeated_mixed_up_and_forged_each_event_counts_once(string kind)
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var (writer, settings) = Writer(kind);
        var door = await InboundHost.AddPathAsync(ledger, kind, kind, settings);
        var ids = await SentMails.SendAsync(ledger, kind, 30);
        var store = new MailStore();
        await using var poster = new EventPoster(
            store,
            new Uri(host.Address, door),
            writer,
            new PosterOptions
            {
                Copies = 3,
                Shuffle = true,
                Forge = true,
                Delay = TimeSpan.FromMilliseconds(20),
                Fate = who =>
                    who.StartsWith("gone", StringComparison.Ordinal)
                        ? (Bounce(kind), "550 5.1.1 user unknown")
                        : ("delivered", null),
            }
        );

        Tell(store, kind, ids);

        await Eventually.EqualAsync(60L, () => CountAsync(ledger), "each event once");
        await Eventually.EqualAsync(60, () => Task.FromResult(poster.Taken), "all were taken");
        await Eventually.EqualAsync(0L, () => ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_due"), "all read");
        Assert.Equal([("bounced", 10L), ("delivered", 20L)], await SentMails.StatesAsync(ledger));
        Assert.Equal(60L, await CountAsync(ledger));
        Assert.Equal(0, poster.TakenForgeries);
        Assert.True(poster.RefusedForgeries > 0);
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task After_an_outage_of_ours_every_event_is_there()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var (writer, settings) = Writer("sendgrid");
        var door = await InboundHost.AddPathAsync(ledger, "sendgrid", "sendgrid", settings);
        var ids = await SentMails.SendAsync(ledger, "sendgrid", 60);
        var host = await InboundHost.StartAsync(ledger);
        var (store, address) = (new MailStore(), host.Address);
        await using var poster = new EventPoster(
            store,
            new Uri(address, door),
            writer,
            new PosterOptions { Batch = 5 }
        );
        Tell(store, "sendgrid", ids[..20]);
        await Eventually.TrueAsync(() => Task.FromResult(poster.Taken > 5), "some are taken");

        await host.DisposeAsync();
        Tell(store, "sendgrid", ids[20..]);
        await Eventually.TrueAsync(() => Task.FromResult(poster.Failures > 2), "the provider repeats itself");
        await using var back = await InboundHost.StartAsync(ledger, address.Port);

        await Eventually.EqualAsync(120L, () => CountAsync(ledger), "every event is there");
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task Missing_events_are_noticed_told_and_fetched_and_late_ones_change_nothing()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var emulator = await MailgunEmulator.StartAsync(new EmulatorPorts());
        var writer = new MailgunWriter();
        var door = await InboundHost.AddPathAsync(
            ledger,
            "mailgun",
            "mailgun",
            new
            {
                ApiKey = MailgunEmulator.ApiKey,
                BaseUrl = emulator.Api!.ToString(),
                CertificateSha256 = EmulatorCertificate.Sha256,
                Domain = "mg.example.com",
                EventsSigningKey = writer.SigningKey,
            }
        );
        await using var host = await InboundHost.StartAsync(ledger);
        var ids = await SentMails.SendAsync(ledger, "mailgun", 40, DateTimeOffset.UtcNow.AddMinutes(-30));
        foreach (var id in ids)
        {
            var mail = SentMails.Kept(id);
            emulator.Store.Keep(mail);
            emulator.Store.Tell(mail, "accepted", "ann@example.com");
            emulator.Store.Tell(mail, "delivered", "ann@example.com");
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(host.Services.GetRequiredService<EventPaths>().All.Count == 1),
            "the path is known"
        );
        var watch = host
            .Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>()
            .OfType<EventWatch>()
            .Single();
        await watch.RunAsync(CancellationToken.None);

        Assert.Equal([("delivered", 40L)], await SentMails.StatesAsync(ledger));
        Assert.Equal(80L, await CountAsync(ledger));
        Assert.Equal(
            1L,
            await ledger.ScalarAsync<long>("SELECT count(*) FROM path_events WHERE type = 'events.missing'")
        );
        await watch.RunAsync(CancellationToken.None);
        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM path_events WHERE type = 'events.back'"));

        foreach (var told in emulator.Store.Events)
        {
            Assert.Equal(200, await host.PostAsync(door, writer.Write([told], forged: false)));
        }

        await Eventually.EqualAsync(0L, () => ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_due"), "all read");
        Assert.Equal(80L, await CountAsync(ledger));
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task What_SendGrid_did_not_tell_is_asked_for_mail_by_mail()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var emulator = await SendGridEmulator.StartAsync(new EmulatorPorts());
        await InboundHost.AddPathAsync(
            ledger,
            "sendgrid",
            "sendgrid",
            new
            {
                SendGridEmulator.ApiKey,
                BaseUrl = emulator.Api!.ToString(),
                CertificateSha256 = EmulatorCertificate.Sha256,
                ActivityLookup = "true",
            }
        );
        await using var host = await InboundHost.StartAsync(ledger);
        var ids = await SentMails.SendAsync(ledger, "sendgrid", 25, DateTimeOffset.UtcNow.AddMinutes(-30));
        foreach (var (id, i) in ids.Select((id, i) => (id, i)))
        {
            var mail = SentMails.Kept(id);
            emulator.Store.Keep(mail);
            emulator.Store.Tell(mail, i < 20 ? "delivered" : "processed", "ann@example.com");
        }

        var paths = host.Services.GetRequiredService<EventPaths>();
        await Eventually.TrueAsync(() => Task.FromResult(paths.All.Count == 1), "the path is known");
        var fetch = host.Services.GetRequiredService<EventFetch>();
        Assert.Equal(20, await fetch.FetchAsync(paths.Named("sendgrid")!, CancellationToken.None));
        Assert.Equal(0, await fetch.FetchAsync(paths.Named("sendgrid")!, CancellationToken.None));
        Assert.Equal([("delivered", 20L), ("sent", 5L)], await SentMails.StatesAsync(ledger));
    }

    [Fact]
    public async Task Old_requests_and_names_are_dropped_and_what_is_unread_stays()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger, works: false);
        await ledger.ExecuteAsync(
            """
            INSERT INTO inbound_events (inbound_id, path, provider, received_at, body)
            SELECT unnest(@old), 'p', 'ses', now(), '';
            INSERT INTO inbound_tokens (token, request, seen_at) VALUES (gen_random_uuid(), '', now() - interval '3 days'), (gen_random_uuid(), '', now());
            INSERT INTO seen_reports (report, seen_at) VALUES (gen_random_uuid(), now() - interval '49 hours'), (gen_random_uuid(), now());
            """,
            new
            {
                old = Enumerable
                    .Range(0, 10)
                    .Select(_ => Gateway.Ledger.LedgerId.New(DateTimeOffset.UtcNow.AddDays(-8)))
                    .ToArray(),
            }
        );
        await ledger.ExecuteAsync(
            "INSERT INTO inbound_events (inbound_id, path, provider, received_at, body) VALUES (@id, 'p', 'ses', now(), ''); INSERT INTO inbound_due (inbound_id, due_at, reason) VALUES (@id, now(), 'why')",
            new { id = Gateway.Ledger.LedgerId.New(DateTimeOffset.UtcNow.AddDays(-8)) }
        );

        await host.Services.GetRequiredService<InboundUpkeep>().RunAsync(CancellationToken.None);

        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_events"));
        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_tokens"));
        Assert.Equal(1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM seen_reports"));
    }

    /// <summary>How many events a second are verified, written down, read and recorded, on what the machine has to spare.</summary>
    [Fact(Explicit = true)]
    public async Task Many_events_a_second()
    {
        const int Mails = 5_000;
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var host = await InboundHost.StartAsync(ledger);
        var writer = new SendGridWriter();
        var door = await InboundHost.AddPathAsync(
            ledger,
            "sendgrid",
            "sendgrid",
            new { EventsPublicKey = writer.PublicKey }
        );
        var ids = new List<Guid>();
        while (ids.Count < Mails)
        {
            ids.AddRange(await SentMails.SendAsync(ledger, "sendgrid", 100));
        }

        var posts = ids.SelectMany(id =>
                new[] { "processed", "delivered" }.Select(n => new EmulatedEvent(
                    Guid.NewGuid().ToString("N"),
                    n,
                    "a@b.example",
                    DateTimeOffset.UtcNow,
                    SentMails.Kept(id)
                ))
            )
            .Chunk(100)
            .Select(c => writer.Write(c, forged: false))
            .ToArray();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            posts,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (post, _) => Assert.Equal(200, await host.PostAsync(door, post))
        );
        var taken = watch.Elapsed;
        await Eventually.EqualAsync(
            (long)Mails,
            () => ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE state = 'delivered'"),
            "all delivered"
        );
        await Eventually.EqualAsync(0L, () => ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_due"), "all read");
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Mails * 2} events: taken in {taken.TotalSeconds:0.00} s, recorded after {watch.Elapsed.TotalSeconds:0.00} s, {Mails * 2 / watch.Elapsed.TotalSeconds:0} a second"
        );
    }

    private static void Tell(MailStore store, string kind, Guid[] ids)
    {
        foreach (var (id, i) in ids.Select((id, i) => (id, i)))
        {
            var mail = SentMails.Kept(id);
            store.Keep(mail);
            store.Tell(
                mail,
                kind == "sendgrid" ? "processed" : "accepted",
                i % 3 == 0 ? "gone@example.com" : "ann@example.com"
            );
        }
    }

    private static string Bounce(string kind) => kind == "sendgrid" ? "bounce" : "failed";

    private static (IEventWriter Writer, object Settings) Writer(string kind)
    {
        if (kind == "sendgrid")
        {
            var sendGrid = new SendGridWriter();
            return (sendGrid, new { EventsPublicKey = sendGrid.PublicKey });
        }

        var mailgun = new MailgunWriter();
        return (mailgun, new { EventsSigningKey = mailgun.SigningKey });
    }

    private static Task<long> CountAsync(TestLedger ledger) =>
        ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE data ->> 'source' = 'provider'");
}
