using System.Diagnostics;
using System.Text.Json;
using AppHost.Embedded.Processes;

namespace Gateway.Tests.AppHost;

/// <summary>A real AppHost, as a process of its own, on a folder of the test's own.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Process process;
    private readonly string folder;
    private readonly List<string> output = [];

    private AppHostProcess(Process process, string folder)
    {
        this.process = process;
        this.folder = folder;
    }

    public int Pid => process.Id;

    public string Output
    {
        get
        {
            lock (output)
            {
                return string.Join('\n', output);
            }
        }
    }

    private string EndpointsFile => Path.Combine(folder, "endpoints.json");

    /// <summary>Starts PostgreSQL and Redis only: what an AppHost does with children is the same for all of them.</summary>
    public static AppHostProcess Start(string folder, params string[] arguments)
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var assembly = Path.Combine(
            RepositoryRoot.Path,
            "AppHost",
            "bin",
            built.Parent!.Name,
            built.Name,
            "AppHost.dll"
        );
        var start = new ProcessStartInfo(
            "dotnet",
            [assembly, "--only=ledger,redis", $"--Gateway:Folder={folder}", .. arguments]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var started = new Process { StartInfo = start };
        var host = new AppHostProcess(started, folder);
        started.OutputDataReceived += (_, line) => host.Keep(line.Data);
        started.ErrorDataReceived += (_, line) => host.Keep(line.Data);
        started.Start();
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return host;
    }

    /// <summary>Waits until it wrote its endpoints; the connection string of the ledger.</summary>
    public async Task<string> LedgerAsync()
    {
        var clock = Stopwatch.StartNew();
        while (!File.Exists(EndpointsFile))
        {
            Assert.False(process.HasExited, $"the AppHost ended:\n{Output}");
            Assert.True(clock.Elapsed < Limit, $"the AppHost did not become healthy:\n{Output}");
            await Task.Delay(50);
        }

        using var endpoints = JsonDocument.Parse(await File.ReadAllTextAsync(EndpointsFile));
        return endpoints.RootElement.GetProperty("postgres").GetString()!;
    }

    public IReadOnlyList<ProcessIdentity> Children() =>
        Directory
            .GetFiles(Path.Combine(folder, "run"), "*.pid")
            .Select(file => ProcessIdentity.Parse(File.ReadAllText(file))!.Value)
            .ToList();

    public void Send(Signal signal) => Libc.Signal(process.Id, signal);

    /// <returns>The exit code.</returns>
    public async Task<int> EndedAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Limit);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Send(Signal.Terminate);
            await EndedAsync();
        }

        process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (output)
        {
            output.Add(line ?? "");
        }
    }
}
