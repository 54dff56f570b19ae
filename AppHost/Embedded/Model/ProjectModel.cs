namespace Aspire.Hosting;

/// <summary>Projects and how they hang together, in the words of Aspire.Hosting.</summary>
internal static class ProjectModel
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder,
        string name
    )
        where TProject : IProjectMetadata, new() =>
        builder.AddResource(new ProjectResource(name, new TProject().ProjectPath));

    public static IResourceBuilder<ProjectResource> WithArgs(
        this IResourceBuilder<ProjectResource> builder,
        params string[] args
    )
    {
        builder.Resource.Arguments.AddRange(args);
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> builder,
        string name,
        string? value
    )
    {
        builder.Resource.Environment[name] = _ => ValueTask.FromResult(value);
        return builder;
    }

    /// <summary>A value that is known only when the project starts.</summary>
    public static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> builder,
        string name,
        Func<string> callback
    )
    {
        builder.Resource.Environment[name] = _ => ValueTask.FromResult<string?>(callback());
        return builder;
    }

    /// <summary>Injects <c>ConnectionStrings__NAME</c>.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> builder,
        IResourceBuilder<IResourceWithConnectionString> source
    )
    {
        var resource = source.Resource;
        builder.Resource.Environment[$"ConnectionStrings__{resource.Name}"] = resource.GetConnectionStringAsync;
        return builder;
    }

    /// <summary>Injects <c>services__NAME__ENDPOINT__0</c> for each endpoint the project has by now.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> builder,
        IResourceBuilder<ProjectResource> source
    )
    {
        foreach (var endpoint in source.Resource.Endpoints.Values)
        {
            builder.Resource.Environment[$"services__{source.Resource.Name}__{endpoint.Name}__0"] = _ =>
                ValueTask.FromResult<string?>(endpoint.Url);
        }

        return builder;
    }

    public static IResourceBuilder<ProjectResource> WaitFor(
        this IResourceBuilder<ProjectResource> builder,
        IResourceBuilder<Resource> dependency
    )
    {
        builder.Resource.Waits.Add(new ResourceWait(dependency.Resource, ExitCode: null));
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WaitForCompletion(
        this IResourceBuilder<ProjectResource> builder,
        IResourceBuilder<ProjectResource> dependency,
        int exitCode = 0
    )
    {
        dependency.Resource.RunsToCompletion = true;
        builder.Resource.Waits.Add(new ResourceWait(dependency.Resource, exitCode));
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WithHttpEndpoint(
        this IResourceBuilder<ProjectResource> builder,
        int? port = null,
        string name = "http"
    )
    {
        builder.Resource.Endpoints[name] = new EndpointReference(name, port ?? 0);
        return builder;
    }

    /// <summary>An address that is not HTTP: the project is told its port in the variable <paramref name="env"/>.</summary>
    public static IResourceBuilder<ProjectResource> WithEndpoint(
        this IResourceBuilder<ProjectResource> builder,
        int? port = null,
        string scheme = "tcp",
        string name = "tcp",
        string? env = null
    )
    {
        builder.Resource.Endpoints[name] = new EndpointReference(name, port ?? 0, scheme, env);
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WithHttpHealthCheck(
        this IResourceBuilder<ProjectResource> builder,
        string path
    )
    {
        builder.Resource.HealthPath = path;
        return builder;
    }

    public static EndpointReference GetEndpoint(this IResourceBuilder<ProjectResource> builder, string name) =>
        builder.Resource.Endpoints[name];
}
