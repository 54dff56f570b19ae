using System.Net.Http.Headers;
using Gateway.Api;
using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Api.Suppressions;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Mail.Smtp;
using Gateway.Suppressions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Suppressions;

/// <summary>The list's endpoints on a socket of their own, and what keeps the list, over a ledger of the test's own.</summary>
internal sealed class SuppressionHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private SuppressionHost(TestLedger ledger, WebApplication app)
    {
        (Ledger, this.app) = (ledger, app);
        Mail = new LedgerMail(ledger);
        Suppressions = new SuppressionLedger(ledger.Worker, Options);
    }

    public SuppressionOptions Options { get; } = new();

    public TestLedger Ledger { get; }

    public LedgerMail Mail { get; }

    public SuppressionLedger Suppressions { get; }

    public static async Task<SuppressionHost> StartAsync(TestCluster cluster)
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Ring);
        builder.Services.AddSingleton(new ContentBudget(64 << 20));
        builder.Services.AddKeyedSingleton(LedgerRole.Door, ledger.Door);
        builder.Services.AddKeys();
        builder.Services.AddSingleton(p => new WakeUp(ledger.Door, p.GetRequiredService<ILogger<WakeUp>>()));
        builder.Services.AddReading().AddSuppressionList();
        var host = builder.Build();
        host.UseMiddleware<ProblemMiddleware>();
        host.MapSuppressions();
        await host.StartAsync();
        return new SuppressionHost(ledger, host);
    }

    public HttpClient Client(TestTenant tenant)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        return client;
    }

    /// <summary>Follows all events there are: other tests' transactions, older than these, are waited for.</summary>
    public Task FollowAsync() =>
        Eventually.TrueAsync(
            async () =>
            {
                await Suppressions.AdvanceAsync(CancellationToken.None);
                return await Ledger.ScalarAsync<bool>(
                    """
                    SELECT NOT EXISTS (SELECT FROM events e, suppression_cursor c WHERE (e.xid, e.id) > (c.xid, c.id)
                        AND e.type IN ('bounced', 'complained', 'unsubscribed', 'delivered', 'expired'))
                    """
                );
            },
            "every event is followed"
        );

    /// <summary>One row each: <c>stream reason source</c>, by stream.</summary>
    public async Task<string> ListOfAsync(TestTenant tenant, string address) =>
        string.Join(
            "; ",
            await Ledger.QueryAsync<string>(
                """
                SELECT concat_ws(' ', stream, reason, source) FROM suppressions
                WHERE tenant_id = @Id AND address = @address ORDER BY stream
                """,
                new { tenant.Id, address }
            )
        );

    /// <summary>A delivery that was sent, and the event about it that somebody brought.</summary>
    public async Task TellAsync(
        TestTenant tenant,
        string address,
        string type,
        string data,
        DateTimeOffset? at = null,
        string stream = "transactional"
    )
    {
        var message = await Mail.AcceptAsync(tenant, new() { To = [address], Stream = stream });
        await Mail.ServeAsync(LedgerMail.Sent);
        await AppendAsync(tenant, message, type, data, at);
    }

    public Task AppendAsync(TestTenant tenant, Guid message, string type, string data, DateTimeOffset? at = null) =>
        Ledger.ExecuteAsync(
            """
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, at, data)
            VALUES (@Id, @message, @event, @message, @delivery, 99, @type, @time, @data::jsonb)
            """,
            new
            {
                tenant.Id,
                message,
                @event = LedgerId.New(DateTimeOffset.UtcNow),
                delivery = LedgerId.Delivery(message, 1),
                type,
                time = (at ?? DateTimeOffset.UtcNow).UtcDateTime,
                data,
            }
        );

    public async ValueTask DisposeAsync()
    {
        await Mail.DisposeAsync();
        await app.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}
