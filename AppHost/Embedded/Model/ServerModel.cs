namespace Aspire.Hosting;

/// <summary>PostgreSQL and Redis, in the words of Aspire.Hosting.PostgreSQL and Aspire.Hosting.Redis.</summary>
internal static class ServerModel
{
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        int? port = null
    ) => builder.AddResource(new PostgresServerResource(name, port));

    /// <summary>The data always survives, in the gateway's folder; a volume's name has no meaning here.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder,
        string? name = null
    )
    {
        _ = name;
        return builder;
    }

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder,
        string name
    ) => builder.ApplicationBuilder.AddResource(new PostgresDatabaseResource(name, name, builder.Resource));

    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder,
        string name,
        int? port = null
    ) => builder.AddResource(new RedisResource(name, port));
}
