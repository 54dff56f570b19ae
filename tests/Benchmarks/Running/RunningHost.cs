using System.Diagnostics;
using System.Net;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;

namespace Gateway.Benchmarks.Running;

/// <summary>One host as a process, from its own output folder.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2);
    private readonly Process process;
    private bool isGone;

    private RunningHost(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>MiB that the process holds in memory now, and at most held.</summary>
    public (long Now, long Peak) Memory()
    {
        process.Refresh();
        return (process.WorkingSet64 >> 20, process.PeakWorkingSet64 >> 20);
    }

    public static async Task<RunningHost> StartAsync(string name, IReadOnlyDictionary<string, string> environment)
    {
        var address = new Uri($"http://127.0.0.1:{LoopbackPort.Choose()}");
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "dotnet", Assembly(name)])
        {
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(Assembly(name))!,
            Environment = { ["ASPNETCORE_URLS"] = address.ToString() },
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        // It dies with the thread that started it, and threads of the pool come and go.
        var host = new RunningHost(await LaunchThread.RunAsync(() => Process.Start(start)!), address);
        await host.UntilHealthyAsync(name);
        return host;
    }

    /// <summary>SIGTERM, and its orderly end.</summary>
    public async Task StopAsync()
    {
        if (process.HasExited)
        {
            return;
        }

        using var kill = Process.Start("kill", $"-TERM {process.Id}");
        await process.WaitForExitAsync();
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Whoever started it may end it early; the system ends what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isGone)
        {
            return;
        }

        isGone = true;
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private async Task UntilHealthyAsync(string name)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < StartsWithin && !process.HasExited)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(Address, "/health"));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException($"{name} was not healthy within {StartsWithin}, or ended");
    }

    /// <summary>Beside the benchmarks' own output in the tree: bin/CONFIGURATION/FRAMEWORK.</summary>
    private static string Assembly(string host)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var (framework, configuration) = (output.Name, output.Parent!.Name);
        var root = output.Parent.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, host, "bin", configuration, framework, host + ".dll");
    }
}
