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

    internal static class Solution
    {
        public static string Project(string name) =>
            Path.GetFullPath(Path.Combine(DistributedApplication.ProjectFolder, "..", name, name + ".csproj"));
    }
}
