namespace Aspire.Hosting
{
    /// <summary>Where a project is.</summary>
    internal interface IProjectMetadata
    {
        string ProjectPath { get; }
    }
}

// What Aspire's SDK generates from the project references.
namespace Projects
{
    internal sealed class Gateway_Api : IProjectMetadata
    {
        public string ProjectPath => Solution.Project("Gateway.Api");
    }

    internal sealed class Gateway_Worker : IProjectMetadata
    {
        public string ProjectPath => Solution.Project("Gateway.Worker");
    }

    internal sealed class Gateway_Webhooks : IProjectMetadata
    {
        public string ProjectPath => Solution.Project("Gateway.Webhooks");
    }

    internal sealed class ProviderEmulators : IProjectMetadata
    {
        public string ProjectPath => Solution.Project("ProviderEmulators", "tests");
    }

    internal static class Solution
    {
        public static string Project(string name, string folder = "") =>
            Path.GetFullPath(Path.Combine(DistributedApplication.ProjectFolder, "..", folder, name, name + ".csproj"));
    }
}
