using System.Xml.Linq;
using Gateway.Tests.AppHost;

namespace Gateway.Tests.HouseRules;

/// <summary>A project file: what it refers to.</summary>
internal sealed record Project(string Name, IReadOnlyList<string> References, IReadOnlyList<string> Packages);

/// <summary>The projects of the solution, read from their files.</summary>
internal static class Projects
{
    private static readonly Lazy<IReadOnlyList<Project>> Read = new(ReadAll);

    public static IReadOnlyList<Project> All => Read.Value;

    public static Project Named(string name) => All.Single(project => project.Name == name);

    private static List<Project> ReadAll()
    {
        var root = new DirectoryInfo(RepositoryRoot.Path);
        var folders = root.GetDirectories()
            .Concat(new DirectoryInfo(Path.Combine(root.FullName, "tests")).GetDirectories());
        return folders.SelectMany(folder => folder.GetFiles("*.csproj")).Select(Of).ToList();
    }

    private static Project Of(FileInfo file)
    {
        var document = XDocument.Load(file.FullName);
        return new Project(
            Path.GetFileNameWithoutExtension(file.Name),
            document
                .Descendants("ProjectReference")
                // Built beforehand, but not seen by the compiler.
                .Where(reference => reference.Attribute("ReferenceOutputAssembly")?.Value != "false")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))
                .ToList(),
            document.Descendants("PackageReference").Select(package => package.Attribute("Include")!.Value).ToList()
        );
    }
}
