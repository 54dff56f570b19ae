using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>Cases of tests/Corpus/dkim: the first line is the verdict, the second the input with C escapes.</summary>
internal static class CaseFiles
{
    public static TheoryData<string> Names(string folder, string pattern) =>
        [
            .. Directory
                .EnumerateFiles(Folder(folder), pattern)
                .Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal),
        ];

    public static (string Expected, string Input) Read(string folder, string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder(folder), name));
        return (lines[0], lines[1]);
    }

    /// <summary>C escapes resolved; <c>\xff</c> becomes that single octet, all else UTF-8.</summary>
    public static byte[] Unescape(string input)
    {
        var octets = new List<byte>();
        foreach (var (index, part) in input.Split(@"\xff").Index())
        {
            octets.AddRange(index > 0 ? [0xFF] : []);
            octets.AddRange(Encoding.UTF8.GetBytes(Regex.Unescape(part)));
        }

        return [.. octets];
    }

    private static string Folder(string folder)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Gateway.sln")))
        {
            at = at.Parent;
        }

        return Path.Combine(at.FullName, "tests", "Corpus", "dkim", folder);
    }
}
