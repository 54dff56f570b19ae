#if !ASPIRE
using Aspire.Npgsql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Aspire.Npgsql
{
    /// <summary>Settings of the PostgreSQL client, from <c>Aspire:Npgsql</c> and <c>ConnectionStrings:NAME</c>.</summary>
    public sealed class NpgsqlSettings
    {
        public string? ConnectionString { get; set; }
    }
}

namespace Microsoft.Extensions.Hosting
{
    /// <summary>The PostgreSQL client under the name and keys of the package Aspire.Npgsql.</summary>
    public static class AspirePostgreSqlNpgsqlExtensions
    {
        /// <summary>Registers one <see cref="NpgsqlDataSource"/>; nothing connects before it is used.</summary>
        /// <exception cref="InvalidOperationException">On first use: there is no connection string.</exception>
        public static void AddNpgsqlDataSource(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<NpgsqlSettings>? configureSettings = null,
            Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null
        )
        {
            var settings = new NpgsqlSettings
            {
                ConnectionString =
                    builder.Configuration.GetConnectionString(connectionName)
                    ?? builder.Configuration[$"Aspire:Npgsql:{connectionName}:ConnectionString"]
                    ?? builder.Configuration["Aspire:Npgsql:ConnectionString"],
            };
            configureSettings?.Invoke(settings);
            builder.Services.AddSingleton(services =>
            {
                var text =
                    settings.ConnectionString
                    ?? throw new InvalidOperationException($"ConnectionStrings:{connectionName} is not set.");
                var source = new NpgsqlDataSourceBuilder(text);
                source.UseLoggerFactory(services.GetService<ILoggerFactory>());
                configureDataSourceBuilder?.Invoke(source);
                return source.Build();
            });
        }
    }
}
#endif
