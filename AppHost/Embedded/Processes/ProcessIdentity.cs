using System.Globalization;

namespace AppHost.Embedded.Processes;

/// <summary>
/// A process, told apart from a later one with the same number: pid, start time in clock ticks since boot, and
/// which boot that was.
/// </summary>
internal readonly record struct ProcessIdentity(int Pid, ulong StartTicks, string Boot)
{
    private const int StartTimeField = 22;
    private const int StateField = 3;

    /// <summary>The process that has this number now, or null if none has (a zombie counts as none).</summary>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // proc(5): field 2 is the command in parentheses and may itself hold spaces and parentheses.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[0] is "Z" or "X")
            {
                return null;
            }

            var start = ulong.Parse(fields[StartTimeField - StateField], CultureInfo.InvariantCulture);
            return new ProcessIdentity(pid, start, BootId());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static ProcessIdentity? Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return
            parts.Length == 3
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var pid)
            && ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out var start)
            ? new ProcessIdentity(pid, start, parts[2])
            : null;
    }

    public bool IsAlive() => Of(Pid) == this;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTicks} {Boot}");

    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
