#if !ASPIRE
using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Clients;
using StackExchange.Redis;

namespace Aspire.StackExchange.Redis
{
    /// <summary>Settings of the Redis client, from <c>Aspire:StackExchange:Redis</c> and <c>ConnectionStrings:NAME</c>.</summary>
    public sealed class StackExchangeRedisSettings
    {
        public string? ConnectionString { get; set; }
    }
}

namespace Microsoft.Extensions.Hosting
{
    /// <summary>The Redis client under the name and keys of the package Aspire.StackExchange.Redis.</summary>
    public static class AspireRedisExtensions
    {
        /// <summary>
        /// Registers one <see cref="IConnectionMultiplexer"/>. It begins to connect when the host starts, waits for
        /// nobody, and comes back by itself: Redis gates nothing.
        /// </summary>
        public static void AddRedisClient(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<StackExchangeRedisSettings>? configureSettings = null,
            Action<ConfigurationOptions>? configureOptions = null
        )
        {
            var settings = new StackExchangeRedisSettings
            {
                ConnectionString =
                    builder.Configuration.GetConnectionString(connectionName)
                    ?? builder.Configuration[$"Aspire:StackExchange:Redis:{connectionName}:ConnectionString"]
                    ?? builder.Configuration["Aspire:StackExchange:Redis:ConnectionString"],
            };
            configureSettings?.Invoke(settings);
            builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
            {
                var text =
                    settings.ConnectionString
                    ?? throw new InvalidOperationException($"ConnectionStrings:{connectionName} is not set.");
                var options = ConfigurationOptions.Parse(text);
                options.AbortOnConnectFail = false;
                configureOptions?.Invoke(options);
                return ConnectionMultiplexer.Connect(options);
            });
            builder.Services.AddHostedService<RedisActivation>();
        }
    }
}
#endif
