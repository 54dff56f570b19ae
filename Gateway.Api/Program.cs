using Gateway.Api;
using Gateway.Api.Acceptance;
using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Secrets;
using Npgsql;
using ServiceDefaults.Health;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddRedisClient("redis");
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddGatewaySecrets(builder.Configuration);
builder.Services.AddLedger(builder.Configuration, LedgerRole.Door, LedgerRole.Accept);
builder.Services.AddHostedService(p => new LedgerGate(
    p,
    p.GetRequiredService<MasterKey>(),
    [LedgerRole.Door, LedgerRole.Accept],
    p.GetRequiredService<HostReadiness>().MarkReady
));
builder.Services.AddSingleton(p => new WakeUp(
    p.GetRequiredKeyedService<NpgsqlDataSource>(LedgerRole.Accept),
    p.GetRequiredService<ILogger<WakeUp>>()
));
builder.Services.AddKeys();
builder.Services.AddAcceptance();
builder.WebHost.ConfigureKestrel(HttpLimits.Apply);
builder.Services.ConfigureHttpJsonOptions(ApiDescription.NameFields);
builder.Services.AddOpenApi("v1", ApiDescription.Describe);

var app = builder.Build();
app.UseMiddleware<ProblemMiddleware>();
app.MapDefaultEndpoints();
app.MapOpenApi("/openapi/{documentName}.json");
app.MapSending();
await app.RunAsync();
