using Gateway.Mail.Tests.Smtp;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>The seeds of a target, one a file; an input that once broke something joins them.</summary>
internal static class KeptSeeds
{
    public static IReadOnlyList<byte[]> Of(string target) =>
        [
            .. Directory
                .EnumerateFiles(Repository.Path("tests", "Corpus", "fuzz", target))
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllBytes),
        ];
}
