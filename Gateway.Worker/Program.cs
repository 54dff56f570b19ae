using Gateway.Database;
using Gateway.Domains;
using Gateway.Secrets;
using Gateway.Worker;
using Gateway.Worker.Cohorts;
using Gateway.Worker.Delivery;
using Gateway.Worker.Domains;
using Gateway.Worker.Throttling;
using Gateway.Worker.Trust;
using Gateway.Worker.Upkeep;
using ServiceDefaults.Health;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
if (args is ["migrate", ..])
{
    await using var tools = builder.Build();
    await MigrateRun.RunAsync(tools.Configuration, tools.Environment, tools.Logger);
    return;
}

builder.AddRedisClient("redis");
builder.Services.AddGatewaySecrets(builder.Configuration);
builder.Services.AddLedger(builder.Configuration, LedgerRole.Worker);
builder.Services.AddDependency("ledger", LedgerSources.LookAsync(LedgerRole.Worker));
builder.Services.AddDomains(builder.Configuration, builder.Environment, LedgerRole.Worker).AddDomainUpkeep();
builder.Services.AddThrottling();
builder.Services.AddDelivery();
builder.Services.AddRecipients(builder.Configuration, builder.Environment);
builder.Services.AddHostedService<LedgerUpkeep>().AddHostedService<TrustWatch>().AddHostedService<CohortRunner>();
builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));

var app = builder.Build();
app.MapDefaultEndpoints();
app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<HostReadiness>().MarkReady);
await app.RunAsync();
