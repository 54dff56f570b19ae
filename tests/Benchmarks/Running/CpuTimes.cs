using System.Globalization;

namespace Gateway.Benchmarks.Running;

/// <summary>
/// Processor time of this process and all below it, by what they are: from /proc/PID/stat, user and system together.
/// What a server's ended sessions took is in its own account of children.
/// </summary>
internal static class CpuTimes
{
    private const double TicksPerSecond = 100; // USER_HZ on every Linux we know

    // Of /proc/PID/stat, counted after the name in brackets (proc(5): field 3 is the first of these).
    private const int Parent = 1;
    private const int UserTime = 11;

    /// <summary>Seconds by name.</summary>
    public static IReadOnlyDictionary<string, double> Take()
    {
        var all = Processes().ToDictionary(p => p.Pid);
        var seconds = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var process in all.Values.Where(p => IsOurs(p.Pid, all)))
        {
            seconds[process.Name] = seconds.GetValueOrDefault(process.Name) + (process.Ticks / TicksPerSecond);
        }

        return seconds;
    }

    private static bool IsOurs(int pid, Dictionary<int, (int Pid, int Parent, string Name, long Ticks)> all)
    {
        for (var at = pid; all.TryGetValue(at, out var process); at = process.Parent)
        {
            if (at == Environment.ProcessId)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<(int Pid, int Parent, string Name, long Ticks)> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            (int, int, string, long)? read = null;
            try
            {
                read = Read(folder, pid);
            }
            catch (IOException)
            {
                // It ended while we looked.
            }

            if (read is { } process)
            {
                yield return process;
            }
        }
    }

    private static (int, int, string, long) Read(string folder, int pid)
    {
        var stat = File.ReadAllText(Path.Combine(folder, "stat"));
        var name = stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')];
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var times = fields[UserTime..(UserTime + 4)].Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        var ticks = times[0] + times[1] + (name == "postgres" ? times[2] + times[3] : 0);
        return (pid, int.Parse(fields[Parent], CultureInfo.InvariantCulture), Name(folder, name), ticks);
    }

    /// <summary>The assembly that a dotnet process runs, with the part it plays; else the program.</summary>
    private static string Name(string folder, string program)
    {
        var line = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var at = Array.FindIndex(line, a => a.EndsWith(".dll", StringComparison.Ordinal));
        if (at >= 0)
        {
            var assembly = Path.GetFileNameWithoutExtension(line[at]);
            return assembly == "Benchmarks" ? Role(line) : assembly;
        }

        return Array.Exists(line, a => a.EndsWith("/Benchmarks", StringComparison.Ordinal)) ? Role(line) : program;
    }

    private static string Role(string[] line) => Array.IndexOf(line, "sink-process") >= 0 ? "sink" : "load";
}
