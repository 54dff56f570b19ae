using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Benchmarks;

/// <summary>What a figure is worth nothing without: the machine, the commit, and what else ran meanwhile.</summary>
internal sealed record Machine(string Processor, string Commit, long[] Ticks)
{
    private const int StealColumn = 7; // of /proc/stat: user nice system idle iowait irq softirq steal

    public static Machine Look() => new(ProcessorName(), CommitName(), ReadTicks());

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            date       {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC
            machine    {Environment.ProcessorCount} × {Processor}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
                >> 20} MiB, {RuntimeInformation.OSDescription}
            commit     {Commit}
            runtime    {RuntimeInformation.FrameworkDescription}, {(
                IsOptimised ? "Release" : "DEBUG: figures worth nothing"
            )}
            load       {Load()} before
            """
        );

    /// <summary>The load now, and the share of processor time that the host gave to others since <see cref="Look"/>.</summary>
    public string Since() =>
        string.Create(CultureInfo.InvariantCulture, $"load       {Load()} after, steal {StealSince():F1} %");

    /// <summary>Per cent of the processor time since <see cref="Look"/> that the host gave to others.</summary>
    public double StealSince()
    {
        var now = ReadTicks();
        double total = now.Sum() - Ticks.Sum();
        var steal = now.Length > StealColumn ? now[StealColumn] - Ticks[StealColumn] : 0;
        return total > 0 ? 100 * steal / total : 0;
    }

    private static bool IsOptimised =>
        !typeof(Machine)
            .Assembly.GetCustomAttributes(typeof(DebuggableAttribute), inherit: false)
            .Cast<DebuggableAttribute>()
            .Any(a => a.IsJITOptimizerDisabled);

    private static string Load() =>
        ReadLines("/proc/loadavg").FirstOrDefault() is { } line ? string.Join(' ', line.Split(' ')[..3]) : "unknown";

    private static string ProcessorName() =>
        ReadLines("/proc/cpuinfo")
            .FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(": ")[1]
        ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static long[] ReadTicks() =>
        [
            .. (ReadLines("/proc/stat").FirstOrDefault() ?? "cpu 0")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]
                .Select(n => long.Parse(n, CultureInfo.InvariantCulture)),
        ];

    private static string[] ReadLines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    private static string CommitName()
    {
        try
        {
            using var git = Process.Start(
                new ProcessStartInfo("git", ["describe", "--always", "--dirty", "--abbrev=12"])
                {
                    RedirectStandardOutput = true,
                    UseShellExecute = false,
                    WorkingDirectory = AppContext.BaseDirectory,
                }
            )!;
            return git.StandardOutput.ReadToEnd().Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown: no git";
        }
    }
}
