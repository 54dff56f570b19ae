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
using ProviderEmulators.Events;
using ProviderEmulators.Faults;

namespace ProviderEmulators.Control;

/// <summary>
/// Plays incidents with curl: <c>PUT /sendgrid/scenarios/block401</c>, <c>POST /sendgrid/faults</c> with a fault as JSON,
/// <c>DELETE /sendgrid/faults</c>, <c>GET /sendgrid/mails</c>; and <c>POST /sendgrid/tell</c> with <see cref="TellRequest"/> as
/// JSON posts a signed event.
/// </summary>
public sealed class ControlApi : IAsyncDisposable
{
    private readonly WebApplication app;

    private ControlApi(WebApplication app) => this.app = app;

    public Uri Address =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static Task<ControlApi> StartAsync(int port, params IReadOnlyList<EmulatedProvider> providers) =>
        StartAsync(port, teller: null, providers);

    public static async Task<ControlApi> StartAsync(
        int port,
        EventTeller? teller,
        params IReadOnlyList<EmulatedProvider> providers
    )
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

        foreach (var kind in teller is null ? [] : EventTeller.Kinds)
        {
            built.MapPost(
                $"/{kind}/tell",
                (TellRequest wanted, CancellationToken cancel) => TellAsync(teller!, kind, wanted, cancel)
            );
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

    private static async Task<IResult> TellAsync(
        EventTeller teller,
        string kind,
        TellRequest wanted,
        CancellationToken cancel
    ) =>
        wanted.To is not { IsAbsoluteUri: true }
            ? TypedResults.UnprocessableEntity($"'to' is where a path's events go: http://…/in/{kind}/…")
        : await teller.TellAsync(kind, wanted, cancel) is { } answer ? TypedResults.Ok(answer)
        : TypedResults.NotFound("no such mail was taken; GET /sendgrid/mails lists them");

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
