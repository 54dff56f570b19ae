using System.Text;
using Gateway.Tests.AppHost;

namespace Gateway.Tests.Evidence;

/// <summary>One line of a committed table: what became of one file, and why.</summary>
internal sealed record EvidenceRow(string File, string Result, string Reason)
{
    public override string ToString() => $"| {Cell(File)} | {Cell(Result)} | {Cell(Reason)} |";

    private static string Cell(string text) =>
        string.Concat(text.Select(c => c is '|' or '\r' or '\n' or < ' ' ? ' ' : c)).Trim();
}

/// <summary>
/// The tables under docs/evidence. A run compares what it saw with what is committed, for the files that it has; with
/// GATEWAY_WRITE_EVIDENCE=1 it writes the table instead.
/// </summary>
internal static class EvidenceTable
{
    public static void Check(string name, string introduction, IReadOnlyList<EvidenceRow> rows)
    {
        var path = Path.Combine(RepositoryRoot.Path, "docs", "evidence", name);
        if (Environment.GetEnvironmentVariable("GATEWAY_WRITE_EVIDENCE") == "1")
        {
            File.WriteAllText(path, Render(introduction, rows));
            return;
        }

        // Another set of files is judged by the rules alone: only a file that is in the table is compared with it.
        var committed = File.ReadAllLines(path).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).ToHashSet();
        var known = committed.Select(FileOf).ToHashSet(StringComparer.Ordinal);
        var changed = rows.Select(r => r.ToString()).Where(r => known.Contains(FileOf(r)) && !committed.Contains(r));
        Assert.True(!changed.Any(), "not as in docs/evidence/" + name + ":\n" + string.Join('\n', changed));
    }

    private static string FileOf(string line) => line.Split(" | ", 2)[0];

    private static string Render(string introduction, IReadOnlyList<EvidenceRow> rows)
    {
        var text = new StringBuilder(introduction.ReplaceLineEndings("\n").Trim()).Append("\n\n");
        text.Append("| File | Result | Reason |\n| --- | --- | --- |\n");
        foreach (var row in rows)
        {
            text.Append(row).Append('\n');
        }

        return text.ToString();
    }
}
