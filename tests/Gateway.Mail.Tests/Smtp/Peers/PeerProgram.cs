using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>An independent program of this machine, run for one test and killed with it.</summary>
internal sealed class PeerProgram : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private PeerProgram(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Its full path. Absent, the test is skipped, or fails where CI=true promises every package.</summary>
    public static string Find(string program, string package)
    {
        string[] folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin"];
        var found = folders.Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
        if (found is not null)
        {
            return found;
        }

        var missing = $"{program} is absent: install Debian's package {package}";
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(missing);
        }

        Assert.Skip(missing);
        return missing;
    }

    public static PeerProgram Start(string path, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        return new PeerProgram(Process.Start(start)!);
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Until it listens there, or 10 s.</summary>
    public async Task Listens(int port)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (watch.Elapsed < TimeSpan.FromSeconds(10) && !process.HasExited)
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>Gives it its input and waits for its end, up to 30 s. A daemon it left may hold its output open.</summary>
    public async Task<(int ExitCode, string Output)> Finishes(string input = "")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException) { } // it ended without wanting any

        await process.WaitForExitAsync(limit.Token);
        var said = Task.WhenAll(output, errors);
        await Task.WhenAny(said, Task.Delay(TimeSpan.FromMilliseconds(500)));
        return (process.ExitCode, said.IsCompletedSuccessfully ? string.Concat(said.Result) : "");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }
}
