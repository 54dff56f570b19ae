using System.Runtime.InteropServices;

namespace AppHost.Embedded.Running;

/// <summary>Runs what was built beside the AppHost, with the .NET that runs the AppHost.</summary>
internal static class DotNet
{
    /// <summary>The <c>dotnet</c> program: three folders above the shared framework that we run on.</summary>
    public static string Muxer { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary>The project's assembly, of the same configuration and framework as ours (bin/Debug/net10.0).</summary>
    public static string Assembly(string projectPath)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var assembly = Path.Combine(
            Path.GetDirectoryName(projectPath)!,
            "bin",
            own.Parent!.Name,
            own.Name,
            Path.GetFileNameWithoutExtension(projectPath) + ".dll"
        );
        return File.Exists(assembly)
            ? assembly
            : throw new SetupException($"{assembly} is not there: build the solution first (dotnet build).");
    }
}
