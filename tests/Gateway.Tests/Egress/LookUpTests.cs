using System.Buffers;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Worker.Delivery;
using Gateway.Worker.Health;
using Gateway.Worker.Paths;
using Gateway.Worker.Reconciliation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Egress;

/// <summary>What becomes of a delivery whose answer was lost, when its provider is asked (D11).</summary>
public sealed class LookUpTests(TestCluster cluster)
{
    private static readonly NextStep Unknown = new(
        DeliveryState.Unknown,
        DueIn: TimeSpan.FromMinutes(2),
        WaitingFor: "reconciliation"
    );

    [Theory]
    [InlineData(LookUpAnswer.Taken, true, "sent", null)]
    [InlineData(LookUpAnswer.Taken, false, "sent", "final")]
    [InlineData(LookUpAnswer.Absent, true, "queued", null)]
    [InlineData(LookUpAnswer.Refused, true, "queued", null)]
    [InlineData(LookUpAnswer.NotYet, true, "unknown", null)]
    [InlineData(LookUpAnswer.CannotTell, true, "unknown", null)]
    public async Task Each_answer_has_its_consequence(LookUpAnswer answer, bool tells, string state, string? cause)
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        await mail.AcceptAsync(await ledger.CreateTenantAsync());
        await mail.ServeAsync(Unknown, "asked");
        await using var provider = new AskedProvider(answer, tells);
        await using var paths = Paths(provider);

        await LookUps(ledger, paths).LookAsync(CancellationToken.None);

        Assert.Equal(
            (state, cause),
            (await ledger.QueryAsync<(string, string?)>("SELECT state, cause FROM deliveries"))[0]
        );
        Assert.Equal(1, provider.Asked.Attempt);
        Assert.Equal(state == "unknown" ? 1L : 0L, await ledger.ScalarAsync<long>("SELECT count(*) FROM look_ups"));
        Assert.Equal(state == "sent" ? 0L : 1L, await ledger.ScalarAsync<long>("SELECT count(*) FROM deliveries_due"));
        Assert.Equal(
            state == "queued",
            await ledger.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM deliveries_due WHERE due_at <= clock_timestamp() AND waiting_for IS NULL)"
            )
        );
        Assert.Equal(
            state == "unknown" ? 0L : 1L,
            await ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE data ->> 'source' = 'lookup'")
        );
        await EventFold.AssertHoldsAsync(ledger);
    }

    [Fact]
    public async Task What_was_leased_to_be_sent_again_is_not_touched_and_what_was_tried_again_is_asked_anew()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        await mail.AcceptAsync(await ledger.CreateTenantAsync());
        await mail.ServeAsync(Unknown, "asked");
        await using var provider = new AskedProvider(LookUpAnswer.Taken, tells: true)
        {
            // The deadline is over while the provider thinks.
            Meanwhile = () =>
                ledger.ExecuteAsync("UPDATE deliveries_due SET lease_until = now() + interval '1 minute'"),
        };
        await using var paths = Paths(provider);

        await LookUps(ledger, paths).LookAsync(CancellationToken.None);
        Assert.Equal("unknown", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));

        await ledger.ExecuteAsync(
            "UPDATE deliveries_due SET lease_until = NULL; UPDATE deliveries SET attempts = 2; INSERT INTO attempts SELECT tenant_id, message_id, delivery_id, 2, path, 9, now() FROM attempts"
        );
        provider.Meanwhile = null;
        await LookUps(ledger, paths).LookAsync(CancellationToken.None);
        Assert.Equal(2, provider.Asked.Attempt);
        Assert.Equal("sent", await ledger.ScalarAsync<string>("SELECT state FROM deliveries"));
    }

    [Fact]
    public async Task Several_workers_ask_once_and_paths_that_cannot_be_asked_are_not()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        await using var mail = new LedgerMail(ledger);
        var tenant = await ledger.CreateTenantAsync();
        for (var i = 0; i < 20; i++)
        {
            await mail.AcceptAsync(tenant);
        }

        await mail.ServeAsync(c => Unknown, "asked");
        await mail.AcceptAsync(tenant);
        await mail.ServeAsync(Unknown, "mute");
        await using var provider = new AskedProvider(LookUpAnswer.NotYet, tells: true);
        await using var paths = Paths(provider);

        await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => LookUps(ledger, paths).LookAsync(CancellationToken.None))
        );

        Assert.Equal(20L, await ledger.ScalarAsync<long>("SELECT count(*) FROM look_ups"));
        // Each once, unless the machine is so slow that it was its turn again.
        Assert.Equal(provider.Times, await ledger.ScalarAsync<long>("SELECT sum(tries) FROM look_ups"));
    }

    [Fact]
    public void It_is_asked_soon_first_and_then_less_often() =>
        Assert.Equal(
            [2, 4, 8, 16, 32, 64, 120, 120],
            Enumerable.Range(1, 8).Select(n => (int)UnknownLookUps.WaitAfter(n).TotalSeconds)
        );

    private static UnknownLookUps LookUps(TestLedger ledger, EgressPaths paths) =>
        new(
            new LookUpQueue(ledger.Worker),
            new LookUpResult(ledger.Worker, TimeProvider.System),
            paths,
            new WorkerSignals(),
            TimeProvider.System,
            NullLogger<UnknownLookUps>.Instance
        );

    private static EgressPaths Paths(IProvider provider)
    {
        var paths = new EgressPaths(TimeProvider.System);
        var witness = new PathWitness(
            new CircuitBoard(TimeProvider.System),
            TimeProvider.System,
            NullLogger<PathWitness>.Instance
        );
        paths.Replace([new EgressPath("asked", provider, 1, witness) { Kind = "test" }], [], []);
        return paths;
    }

    private sealed class AskedProvider(LookUpAnswer answer, bool tells) : IProvider, ILooksUp
    {
        private int times;

        public Func<Task>? Meanwhile { get; set; }

        public SentMail Asked { get; private set; } = null!;

        public int Times => times;

        public PathCapabilities Capabilities { get; } =
            new() { Events = tells ? PathEvents.Full : PathEvents.None, Lookup = true };

        public async Task<LookUp> LookUpAsync(SentMail sent, CancellationToken cancel)
        {
            Interlocked.Increment(ref times);
            Asked = sent;
            if (Meanwhile is { } act)
            {
                await act();
            }

            return new LookUp(answer, "as the test says");
        }

        public Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel) =>
            throw new NotSupportedException();

        public Task<SendResult> ProbeAsync(CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
