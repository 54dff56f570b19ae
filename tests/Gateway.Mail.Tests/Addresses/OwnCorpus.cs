namespace Gateway.Mail.Tests.Addresses;

/// <summary>The cases that belong to this repository: tests/Corpus.</summary>
internal static class OwnCorpus
{
    public static string Path(string area, string file)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var path = System.IO.Path.Combine(at.FullName, "tests", "Corpus", area, file);
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException($"tests/Corpus/{area}/{file} is not above the test's folder");
    }
}
