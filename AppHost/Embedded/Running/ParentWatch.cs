using System.Globalization;
using Microsoft.Extensions.Hosting;

namespace AppHost.Embedded.Running;

/// <summary>
/// <c>dotnet run</c> is a process of its own above us. Whoever kills it without a word means the system, so we stop
/// in order when it is gone. Any other parent (a shell, nohup) may end and leave us running.
/// </summary>
internal sealed class ParentWatch(IHostApplicationLifetime life) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var parent = Parent();
        if (!IsDotNetRun(parent))
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (Parent() != parent)
                {
                    life.StopApplication();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // We stop anyway.
        }
    }

    private static int Parent()
    {
        // proc(5): field 4, the second after the command in parentheses.
        var stat = File.ReadAllText("/proc/self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static bool IsDotNetRun(int pid)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return Path.GetFileName(words[0]) == "dotnet" && words.Contains("run");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
