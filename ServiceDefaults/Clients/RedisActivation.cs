#if !ASPIRE
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ServiceDefaults.Clients;

/// <summary>Begins the first connection at the host's start, beside it, so that no request pays for it.</summary>
internal sealed class RedisActivation(IServiceProvider services) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Run(() => services.GetService<IConnectionMultiplexer>(), stoppingToken);
}
#endif
