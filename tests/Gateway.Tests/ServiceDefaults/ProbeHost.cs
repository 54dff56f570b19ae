using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Health;

namespace Gateway.Tests.ServiceDefaults;

/// <summary>A host with nothing but the defaults, on a real socket.</summary>
internal sealed class ProbeHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpClient http;

    private ProbeHost(WebApplication app)
    {
        this.app = app;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        http = new HttpClient { BaseAddress = new Uri(address.First()) };
    }

    public Uri Address => http.BaseAddress!;

    public HostReadiness Readiness => Get<HostReadiness>();

    public DependencyBoard Board => Get<DependencyBoard>();

    public static async Task<ProbeHost> StartAsync(Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        configure?.Invoke(builder);
        builder.AddServiceDefaults();
        var built = builder.Build();
        built.MapDefaultEndpoints();
        await built.StartAsync();
        return new ProbeHost(built);
    }

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public Task<HttpResponseMessage> AskAsync(string path) => http.GetAsync(path);

    public async Task<(int Status, JsonElement Body)> HealthAsync()
    {
        using var answer = await AskAsync("/health");
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }
}
