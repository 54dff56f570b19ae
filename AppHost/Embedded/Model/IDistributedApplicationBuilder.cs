using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Collects the model.</summary>
internal interface IDistributedApplicationBuilder
{
    string AppHostDirectory { get; }

    ConfigurationManager Configuration { get; }

    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    DistributedApplication Build();
}

/// <summary>The embedded mode cannot do what the model asks, or a part of the model did not start.</summary>
internal sealed class DistributedApplicationException(string message) : Exception(message);
