using Gateway.Tests.AppHost;

namespace Gateway.Tests.HouseRules;

public sealed class LayoutTests
{
    private const int LongestFile = 500;
    private const int LongestProgram = 40;
    private const int LongestDiagram = 100;

    // What is on the top level stays this; a new folder is a decision, so it is written here too.
    private static readonly HashSet<string> TopLevel = new(StringComparer.Ordinal)
    {
        ".ci",
        ".config",
        "AppHost",
        "ServiceDefaults",
        "Gateway.Mail",
        "Gateway",
        "Gateway.Api",
        "Gateway.Worker",
        "Gateway.Webhooks",
        "tests",
        "docs",
    };

    private static readonly HashSet<string> KeptByTools = new(StringComparer.Ordinal)
    {
        ".git",
        ".gateway",
        ".github",
        ".vs",
        ".idea",
        ".vscode",
        "TestResults",
        "BenchmarkDotNet.Artifacts",
    };

    [Fact]
    public void The_top_level_stays_as_designed()
    {
        var folders = new DirectoryInfo(RepositoryRoot.Path).GetDirectories().Select(folder => folder.Name);
        Assert.Empty(folders.Except(KeptByTools).Except(TopLevel));
    }

    [Fact]
    public void No_file_is_longer_than_500_lines() =>
        Assert.Empty(SourceTree.All.Where(file => file.Lines.Length > LongestFile).Select(Length));

    [Fact]
    public void A_program_is_a_table_of_contents()
    {
        var programs = SourceTree.All.Where(file => file.Name == "Program.cs").ToList();
        Assert.NotEmpty(programs);
        Assert.Empty(
            programs
                .Where(p => p.Lines.Length > (p.Path == "AppHost/Program.cs" ? LongestDiagram : LongestProgram))
                .Select(Length)
        );
    }

    [Fact]
    public void A_file_has_a_name_that_says_what_is_in_it()
    {
        string[] empty = ["Extensions", "Util", "Utils", "Helper", "Helpers", "Manager", "Common", "Misc"];
        var vague =
            from file in SourceTree.All
            let name = Path.GetFileNameWithoutExtension(file.Name)
            // SMTP's own word for what a server offers (RFC 5321 §2.2).
            where name != "SmtpExtensions"
            where empty.Any(word => name.EndsWith(word, StringComparison.OrdinalIgnoreCase))
            select file;
        Assert.Empty(vague);
    }

    [Fact]
    public void Nothing_is_left_to_be_done()
    {
        // Spelled apart, so that this file obeys its own rule.
        string[] marks = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception", "#reg" + "ion"];
        var left =
            from file in SourceTree.All
            from line in file.Lines.Index()
            where marks.Any(mark => line.Item.Contains(mark, StringComparison.Ordinal))
            select $"{file.Path}:{line.Index + 1}";
        Assert.Empty(left);
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "Gateway.sln"));
        var missing =
            from project in Projects.All
            where !solution.Contains(project.Name + ".csproj", StringComparison.Ordinal)
            select project.Name;
        Assert.Empty(missing);
    }

    private static string Length(SourceFile file) => $"{file.Path}: {file.Lines.Length} lines";
}
