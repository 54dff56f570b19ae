using Gateway.Database;
using Gateway.ReturnMail;
using Gateway.Secrets;
using Gateway.Webhooks.Inbound;
using Gateway.Webhooks.Mail;
using Gateway.Webhooks.Outbound;
using Gateway.Webhooks.Unsubscribe;
using ServiceDefaults.Health;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddRedisClient("redis");
builder.Services.AddGatewaySecrets(builder.Configuration);
builder.Services.AddLedger(builder.Configuration, LedgerRole.Accept, LedgerRole.Worker);
builder.Services.AddReturnMail(builder.Configuration, builder.Environment);
builder.Services.AddInboundMail(builder.Configuration).AddUnsubscribe();
builder.Services.AddDependency("ledger", LedgerSources.LookAsync(LedgerRole.Worker));
builder.Services.AddInbound();
builder.Services.AddOutbound(builder.Configuration, builder.Environment);

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapInbound();
app.MapUnsubscribe();
app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<HostReadiness>().MarkReady);
await app.RunAsync();
