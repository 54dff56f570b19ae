namespace Gateway.Mail.Tests;

/// <summary>
/// The shared test corpora, read in place. A stranger's clone has none: the tests that need them say so and are
/// skipped; a build that has the folder treats such a skip as a failure.
/// </summary>
internal static class Corpora
{
    private static readonly string? Root = Find();

    /// <summary>The full path of a corpus folder or file, or a skipped test that names what is missing.</summary>
    public static string Path(params string[] parts)
    {
        if (Root is null)
        {
            Assert.Skip("corpora absent: set GATEWAY_CORPORA or place them at ../shared/corpora");
        }

        return System.IO.Path.Combine([Root, .. parts]);
    }

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("GATEWAY_CORPORA");
        if (!string.IsNullOrEmpty(named))
        {
            return Directory.Exists(named) ? named : null;
        }

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Gateway.sln")))
            {
                var beside = System.IO.Path.Combine(at.FullName, "..", "shared", "corpora");
                return Directory.Exists(beside) ? System.IO.Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }
}
