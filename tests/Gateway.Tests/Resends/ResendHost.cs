using System.Net.Http.Headers;
using Gateway.Api.Auth;
using Gateway.Api.Messages;
using Gateway.Api.Operator;
using Gateway.Api.Operator.Drills;
using Gateway.Api.Operator.Holds;
using Gateway.Api.Operator.Paths;
using Gateway.Api.Operator.Resends;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Api.Resends;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Worker.Cohorts;
using Gateway.Worker.Delivery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Gateway.Tests.Resends;

/// <summary>The doors to jobs, for tenants and the operator, over a ledger of the test's own; steps are made by hand.</summary>
internal sealed class ResendHost : IAsyncDisposable
{
    private readonly string token = Guid.NewGuid().ToString("N");
    private readonly WebApplication app;

    private ResendHost(TestLedger ledger, string redis)
    {
        Ledger = ledger;
        Mail = new LedgerMail(ledger);
        Runner = NewRunner();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["ConnectionStrings:ledger"] = ledger.ConnectionString;
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Ring);
        builder.Services.AddSingleton(TestKeys.Master);
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(redis));
        builder.Services.AddKeyedSingleton(LedgerRole.Door, ledger.Door);
        builder.Services.AddKeyedSingleton(LedgerRole.Operator, ledger.Operator);
        builder.Services.AddKeys();
        builder.Services.AddSingleton(p => new WakeUp(ledger.Door, p.GetRequiredService<ILogger<WakeUp>>()));
        builder.Services.AddReading();
        builder.Services.AddSingleton(new OperatorToken(token)).AddSingleton<WrongTokens>();
        builder.Services.AddSingleton<OperatorLedger>().AddSingleton<PathLedger>();
        app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.MapMessageReading();
        app.MapResends();
        app.MapOperatorResends();
        app.MapHolds();
        app.MapDrills();
    }

    public TestLedger Ledger { get; }

    public LedgerMail Mail { get; }

    public CohortRunner Runner { get; }

    public static async Task<ResendHost> StartAsync(TestCluster cluster)
    {
        var host = new ResendHost(await TestLedger.CreateAsync(cluster), await cluster.RedisConnectionStringAsync());
        await host.app.StartAsync();
        return host;
    }

    /// <summary>As another replica of the Worker has it.</summary>
    public CohortRunner NewRunner() =>
        new(Ledger.Worker, new WorkerSignals(), TimeProvider.System, NullLogger<CohortRunner>.Instance);

    public HttpClient Client(TestTenant tenant) => Client(tenant.Key.Text);

    public HttpClient Operator() => Client(token);

    /// <summary>Steps until every job has ended; the number of deliveries acted on.</summary>
    public async Task<int> RunAsync()
    {
        var acted = 0;
        while (await Ledger.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM cohorts WHERE state = 'running')"))
        {
            acted += await Runner.RunOnceAsync(CancellationToken.None);
        }

        return acted;
    }

    /// <summary>How many deliveries are in each state.</summary>
    public async Task<IReadOnlyDictionary<string, long>> StatesAsync() =>
        (
            await Ledger.QueryAsync<(string State, long Count)>("SELECT state, count(*) FROM deliveries GROUP BY 1")
        ).ToDictionary(s => s.State, s => s.Count);

    public async ValueTask DisposeAsync()
    {
        await Mail.DisposeAsync();
        await app.DisposeAsync();
        Runner.Dispose();
        await Ledger.DisposeAsync();
    }

    private HttpClient Client(string bearer)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }
}
