using Gateway.Tests.AppHost;

namespace Gateway.Tests.HouseRules;

/// <summary>One source file, as the rules see it.</summary>
/// <param name="Path">Relative to the repository's root, with slashes.</param>
internal sealed record SourceFile(string Path, string[] Lines)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public override string ToString() => Path;
}

/// <summary>The repository's source files, without what is built or kept by tools.</summary>
internal static class SourceTree
{
    private static readonly HashSet<string> NotOurs = new(StringComparer.Ordinal)
    {
        "bin",
        "obj",
        ".git",
        ".gateway",
        "node_modules",
        "TestResults",
    };

    private static readonly Lazy<IReadOnlyList<SourceFile>> Read = new(ReadAll);

    /// <summary>All C#, Razor, SQL, Lua, shell and Python files.</summary>
    public static IReadOnlyList<SourceFile> All => Read.Value;

    public static IEnumerable<SourceFile> Under(string folder) =>
        All.Where(file => file.Path.StartsWith(folder + "/", StringComparison.Ordinal));

    private static List<SourceFile> ReadAll()
    {
        string[] kinds = [".cs", ".razor", ".sql", ".lua", ".sh", ".py"];
        return Walk(new DirectoryInfo(RepositoryRoot.Path))
            .Where(file => kinds.Contains(file.Extension))
            .Select(file => new SourceFile(
                System.IO.Path.GetRelativePath(RepositoryRoot.Path, file.FullName),
                File.ReadAllLines(file.FullName)
            ))
            .ToList();
    }

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder
            .EnumerateFiles()
            .Concat(folder.EnumerateDirectories().Where(d => !NotOurs.Contains(d.Name)).SelectMany(Walk));
}
