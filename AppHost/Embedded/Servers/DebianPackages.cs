using System.Diagnostics;

namespace AppHost.Embedded.Servers;

/// <summary>Installs one Debian package as root, without letting it start a daemon; says what it does.</summary>
internal static class DebianPackages
{
    private const string AptGet = "/usr/bin/apt-get";
    private const string Policy = "/usr/sbin/policy-rc.d";
    private const string Denial =
        "#!/bin/sh\n# Of the email gateway's AppHost, while it installs a package.\nexit 101\n";

    // PostgreSQL and Redis start side by side; dpkg takes one at a time.
    private static readonly SemaphoreSlim Gate = new(1, 1);

    public static async Task InstallAsync(string package, string what, Action<string> log, CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(AptGet))
        {
            throw new SetupException(
                $"{what} is not on this machine. Install the package {package}: sudo apt-get install -y {package}"
            );
        }

        await Gate.WaitAsync(cancel);
        try
        {
            await InstallAsRootAsync(package, what, log, cancel);
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task InstallAsRootAsync(
        string package,
        string what,
        Action<string> log,
        CancellationToken cancel
    )
    {
        var command = $"apt-get install -y {package}";
        log($"{what} is missing; installing Debian's package {package} ({command})");
        using var denied = DenyDaemons();
        if (await RunAsync(["install", "-y", package], log, cancel) != 0)
        {
            log("that failed; trying again with fresh package lists (apt-get update)");
            await RunAsync(["update"], log, cancel);
            if (await RunAsync(["install", "-y", package], log, cancel) != 0)
            {
                throw new SetupException($"{what} is missing and \"{command}\" failed; its output is above.");
            }
        }
    }

    // Debian's packages ask this script whether they may start their service; 101 is "forbidden".
    private static Removal? DenyDaemons()
    {
        // One of ours may be left from a run that was killed.
        if (File.Exists(Policy) && File.ReadAllText(Policy) != Denial)
        {
            return null;
        }

        File.WriteAllText(Policy, Denial);
        File.SetUnixFileMode(
            Policy,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead
        );
        return new Removal(Policy);
    }

    private static async Task<int> RunAsync(string[] arguments, Action<string> log, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(AptGet, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var apt = Process.Start(start)!;
        apt.StandardInput.Close();
        apt.OutputDataReceived += (_, line) => Show(line.Data);
        apt.ErrorDataReceived += (_, line) => Show(line.Data);
        apt.BeginOutputReadLine();
        apt.BeginErrorReadLine();
        await apt.WaitForExitAsync(cancel);
        return apt.ExitCode;

        void Show(string? line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                log(line);
            }
        }
    }

    private sealed class Removal(string path) : IDisposable
    {
        public void Dispose() => File.Delete(path);
    }
}
