namespace Aspire.Hosting.ApplicationModel;

/// <summary>A resource while the model is written.</summary>
internal interface IResourceBuilder<out T>
    where T : IResource
{
    IDistributedApplicationBuilder ApplicationBuilder { get; }

    T Resource { get; }
}

internal sealed record ResourceBuilder<T>(IDistributedApplicationBuilder ApplicationBuilder, T Resource)
    : IResourceBuilder<T>
    where T : IResource;
