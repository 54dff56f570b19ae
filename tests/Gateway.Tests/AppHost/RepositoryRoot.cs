namespace Gateway.Tests.AppHost;

/// <summary>The folder that holds Gateway.sln.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Gateway.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"Gateway.sln is nowhere above {AppContext.BaseDirectory}.");
    }
}
