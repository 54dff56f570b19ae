namespace Aspire.Hosting.ApplicationModel;

/// <summary>Tells when resources are healthy.</summary>
internal sealed class ResourceNotificationService(IReadOnlyCollection<Resource> resources)
{
    /// <exception cref="DistributedApplicationException">It ended, or will never start.</exception>
    public Task WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        resources.First(r => r.Name == resourceName).Progress.Healthy.WaitAsync(cancellationToken);
}
