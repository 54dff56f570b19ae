using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using ProviderEmulators;
using ProviderEmulators.Control;
using ProviderEmulators.Events;
using ProviderEmulators.Smtp;

namespace Gateway.Tests.Inbound;

/// <summary>Events as a person has them told with curl, of each kind, at the doors of a gateway.</summary>
public sealed class ToldByHandTests(TestCluster cluster)
{
    private static readonly string[] Words =
    [
        "delivered",
        "deferred",
        "complained",
        "opened",
        "clicked",
        "unsubscribed",
    ];

    [Fact]
    public async Task Each_kind_of_event_of_each_kind_of_provider_is_taken_and_recorded()
    {
        await using var stage = await StageAsync();
        foreach (var (kind, door) in stage.Doors)
        {
            var mails = await stage.SentAsync(kind, Words.Length + 1);
            foreach (var (word, mail) in Words.Append("bounced").Zip(mails))
            {
                var told = await stage.TellAsync(
                    kind,
                    new
                    {
                        to = door,
                        @event = word,
                        mail,
                    }
                );
                Assert.Equal((kind, word, 200), (kind, word, told.GetProperty("answer").GetInt32()));
            }

            await Eventually.EqualAsync(
                string.Join(' ', Words.Append("bounced").Order(StringComparer.Ordinal)),
                () => stage.NewsAsync(kind),
                $"events of {kind}"
            );
            Assert.Equal(
                1L,
                await stage.Ledger.ScalarAsync<long>(
                    "SELECT count(*) FROM deliveries WHERE path = @kind AND state = 'bounced'",
                    new { kind }
                )
            );
        }
    }

    [Fact]
    public async Task What_is_forged_by_hand_is_refused_and_what_cannot_be_told_is_explained()
    {
        await using var stage = await StageAsync();
        foreach (var (kind, door) in stage.Doors)
        {
            var mail = (await stage.SentAsync(kind, 1))[0];
            var told = await stage.TellAsync(kind, new { to = door, forged = true });
            Assert.Equal(kind == "ses" ? 403 : 401, told.GetProperty("answer").GetInt32());
            Assert.Equal(mail, told.GetProperty("mail").GetString());
            Assert.Equal("", await stage.NewsAsync(kind));
        }

        using var nowhere = await stage.Curl.PostAsJsonAsync("/ses/tell", new { @event = "delivered" });
        Assert.Equal(422, (int)nowhere.StatusCode);
        using var nothing = await stage.Curl.PostAsJsonAsync(
            "/ses/tell",
            new { to = "http://127.0.0.1:1/", mail = "x" }
        );
        Assert.Equal(404, (int)nothing.StatusCode);
        Assert.Equal(
            0,
            (await stage.TellAsync("ses", new { to = "http://127.0.0.1:1/" })).GetProperty("answer").GetInt32()
        );
    }

    private async Task<HandStage> StageAsync()
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var host = await InboundHost.StartAsync(ledger);
        using var key = System.Security.Cryptography.ECDsa.Create(
            System.Security.Cryptography.ECCurve.NamedCurves.nistP256
        );
        var sendGrid = new SendGridWriter(Convert.ToBase64String(key.ExportPkcs8PrivateKey()));
        var mailgun = new MailgunWriter { SigningKey = MailgunWriter.EmulatedKey };
        var settings = new (string Kind, object Settings)[]
        {
            ("sendgrid", new { EventsPublicKey = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()) }),
            ("mailgun", new { EventsSigningKey = mailgun.SigningKey }),
            ("ses", new { EventsTopics = SnsWriter.Topic }),
            ("postmark", new { EventsUser = PostmarkWriter.User, EventsPassword = PostmarkWriter.Password }),
        };
        var doors = new Dictionary<string, Uri>();
        foreach (var (kind, values) in settings)
        {
            doors[kind] = new Uri(host.Address, await InboundHost.AddPathAsync(ledger, kind, kind, values));
        }

        var relay = new RelayEmulator(new EmulatorPorts { Tls = false });
        var teller = new EventTeller(sendGrid, mailgun, TestFormats.Sns, [relay.Store]);
        return new HandStage(ledger, host, relay, teller, await ControlApi.StartAsync(0, teller, relay), doors);
    }

    private sealed class HandStage(
        TestLedger ledger,
        InboundHost host,
        RelayEmulator relay,
        EventTeller teller,
        ControlApi control,
        IReadOnlyDictionary<string, Uri> doors
    ) : IAsyncDisposable
    {
        public TestLedger Ledger => ledger;

        public IReadOnlyDictionary<string, Uri> Doors => doors;

        public HttpClient Curl { get; } = new() { BaseAddress = control.Address };

        /// <summary>Mails that went over the path, by the provider's ids.</summary>
        public async Task<string[]> SentAsync(string path, int count)
        {
            var kept = (await SentMails.SendAsync(ledger, path, count)).Select(id => SentMails.Kept(id)).ToList();
            kept.ForEach(relay.Store.Keep);
            return [.. kept.Select(m => m.Id)];
        }

        public async Task<JsonElement> TellAsync(string kind, object wanted)
        {
            using var answer = await Curl.PostAsJsonAsync($"/{kind}/tell", wanted);
            Assert.Equal(200, (int)answer.StatusCode);
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }

        /// <summary>The types of events that the path's provider told, those that arrival implies left out.</summary>
        public Task<string> NewsAsync(string path) =>
            ledger.ScalarAsync<string>(
                """
                SELECT coalesce(string_agg(DISTINCT type, ' ' ORDER BY type), '') FROM events
                WHERE data ->> 'source' = 'provider' AND data ->> 'path' = @path
                """,
                new { path }
            );

        public async ValueTask DisposeAsync()
        {
            Curl.Dispose();
            await control.DisposeAsync();
            teller.Dispose();
            await relay.DisposeAsync();
            await host.DisposeAsync();
            await ledger.DisposeAsync();
        }
    }
}
