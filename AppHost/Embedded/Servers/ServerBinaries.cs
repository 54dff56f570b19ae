using System.Globalization;

namespace AppHost.Embedded.Servers;

/// <summary>Finds the machine's PostgreSQL and Redis; as root on Debian installs them when they are missing.</summary>
internal static class ServerBinaries
{
    private const int OldestPostgres = 15;
    private const string DebianPostgres = "/usr/lib/postgresql";

    /// <summary>The folder with <c>postgres</c> and <c>initdb</c>.</summary>
    /// <param name="version">The major version that existing data needs, or null for the newest.</param>
    /// <param name="log">Told before anything is installed.</param>
    public static async Task<string> PostgresAsync(int? version, Action<string> log, CancellationToken cancel)
    {
        if (FindPostgres(version) is { } found)
        {
            return found;
        }

        var package = version is { } v ? $"postgresql-{v}" : "postgresql";
        await DebianPackages.InstallAsync(package, "PostgreSQL 15 or newer", log, cancel);
        return FindPostgres(version)
            ?? throw new SetupException($"Package {package} is installed, but PostgreSQL >= 15 is not to be found.");
    }

    public static async Task<string> RedisAsync(Action<string> log, CancellationToken cancel)
    {
        if (OnPath("redis-server") is { } found)
        {
            return found;
        }

        await DebianPackages.InstallAsync("redis-server", "Redis", log, cancel);
        return OnPath("redis-server")
            ?? throw new SetupException("Package redis-server is installed, but not on the PATH.");
    }

    private static string? FindPostgres(int? version) =>
        Candidates()
            .Where(c => c.Version >= OldestPostgres && (version is null || c.Version == version))
            .OrderByDescending(c => c.Version)
            .Select(c => c.Folder)
            .FirstOrDefault();

    private static IEnumerable<(int Version, string Folder)> Candidates()
    {
        var folders = Directory.Exists(DebianPostgres)
            ? Directory.GetDirectories(DebianPostgres).Select(v => Path.Combine(v, "bin"))
            : [];
        if (OnPath("postgres") is { } program)
        {
            var real = File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
            folders = folders.Append(Path.GetDirectoryName(real)!);
        }

        return from folder in folders.Distinct()
            where File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb"))
            select (VersionOf(folder), folder);
    }

    // Debian names the folder after the version; elsewhere the catalogue beside the binaries tells it.
    private static int VersionOf(string folder)
    {
        var named = Path.GetFileName(Path.GetDirectoryName(folder));
        return int.TryParse(named, CultureInfo.InvariantCulture, out var version) ? version : AskVersion(folder);
    }

    private static int AskVersion(string folder)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(Path.Combine(folder, "postgres"), "--version")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        // "postgres (PostgreSQL) 16.4 (Homebrew)"
        var text = process.StandardOutput.ReadToEnd().Split(' ', '.');
        process.WaitForExit();
        return text.Select(w => int.TryParse(w, CultureInfo.InvariantCulture, out var n) ? n : 0)
            .FirstOrDefault(n => n > 0);
    }

    private static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
