using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ProviderEmulators.Faults;

namespace ProviderEmulators.Control;

/// <summary>
/// Plays incidents with curl: <c>PUT /sendgrid/scenarios/block401</c>, <c>POST /sendgrid/faults</c> with a fault as JSON,
/// <c>DELETE /sendgrid/faults</c>, <c>GET /sendgrid/mails</c>.
/// </summary>
public sealed class ControlApi : IAsyncDisposable
{
    private readonly WebApplication app;

    private ControlApi(WebApplication app) => this.app = app;

    public Uri Address =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<ControlApi> StartAsync(int port, params IReadOnlyList<EmulatedProvider> providers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var built = builder.Build();
        built.MapGet("/", () => providers.Select(Describe));
        foreach (var provider in providers)
        {
            Map(built, provider);
        }

        await built.StartAsync();
        return new ControlApi(built);
    }

    public Task WaitAsync() => app.WaitForShutdownAsync();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static void Map(WebApplication on, EmulatedProvider provider)
    {
        var group = on.MapGroup("/" + provider.Name);
        group.MapGet("/", () => Describe(provider));
        group.MapGet("/faults", () => provider.Faults.Active);
        group.MapPost("/faults", (Fault fault) => Add(provider, fault));
        group.MapDelete("/faults", () => provider.Faults.Clear());
        group.MapPut("/scenarios/{name}", (string name, int? times) => Play(provider, name, times));
        group.MapGet("/mails", () => provider.Store.Mails);
        group.MapGet("/events", () => provider.Store.Events);
        group.MapDelete("/mails", () => provider.Store.Clear());
        group.MapPut("/suppressed/{address}", (string address) => provider.Store.Suppress(address));
        group.MapPut("/verified/{domain}", (string domain) => provider.VerifiedDomains.Add(domain));
    }

    private static Ok<IReadOnlyList<Fault>> Add(EmulatedProvider provider, Fault fault)
    {
        provider.Faults.Add(fault);
        return TypedResults.Ok(provider.Faults.Active);
    }

    private static Results<Ok<IReadOnlyList<Fault>>, NotFound<string>> Play(
        EmulatedProvider provider,
        string name,
        int? times
    )
    {
        if (!provider.Scenarios.TryGetValue(name, out var fault))
        {
            return TypedResults.NotFound(
                $"no scenario '{name}'; there are {string.Join(", ", provider.Scenarios.Keys.Order())}"
            );
        }

        provider.Faults.Add(fault with { Times = times });
        return TypedResults.Ok(provider.Faults.Active);
    }

    private static object Describe(EmulatedProvider provider) =>
        new
        {
            provider.Name,
            Api = provider.Api?.ToString(),
            Smtp = $"localhost:{provider.SmtpPort}",
            CertificateSha256 = EmulatorCertificate.Sha256,
            Scenarios = provider.Scenarios.Keys.Order(),
            Faults = provider.Faults.Active,
            Mails = provider.Store.Mails.Count,
        };
}
