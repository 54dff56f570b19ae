namespace AppHost.Embedded.Processes;

/// <summary>
/// One small file a child, with its identity, so that the next start can end what survived this one (a kill -9 in
/// the instant before the parent-death signal was set, or a machine that lacks it).
/// </summary>
internal sealed class RunFolder(string path)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    public void Record(string name, ProcessIdentity child)
    {
        Directory.CreateDirectory(path);
        File.WriteAllText(FileOf(name), child.ToString());
    }

    public void Forget(string name) => File.Delete(FileOf(name));

    /// <summary>Ends every recorded process that is still the same process; returns their names.</summary>
    public async Task<IReadOnlyList<string>> EndSurvivorsAsync(CancellationToken cancel)
    {
        if (!Directory.Exists(path))
        {
            return [];
        }

        var ended = new List<string>();
        foreach (var file in Directory.GetFiles(path, "*.pid").Order(StringComparer.Ordinal))
        {
            var text = await File.ReadAllTextAsync(file, cancel);
            if (ProcessIdentity.Parse(text) is { } survivor && survivor.IsAlive())
            {
                await EndAsync(survivor, cancel);
                ended.Add(Path.GetFileNameWithoutExtension(file));
            }

            File.Delete(file);
        }

        return ended;
    }

    /// <summary>
    /// INT first: the fast shutdown of PostgreSQL, and a clean stop for Redis and the services; then KILL for the
    /// whole group.
    /// </summary>
    public static async Task EndAsync(ProcessIdentity process, CancellationToken cancel)
    {
        Libc.Signal(process.Pid, Signal.Interrupt);
        for (var waited = TimeSpan.Zero; waited < Grace && process.IsAlive(); waited += Poll)
        {
            await Task.Delay(Poll, cancel);
        }

        if (process.IsAlive())
        {
            Libc.Signal(-process.Pid, Signal.Kill);
        }
    }

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private string FileOf(string name) => Path.Combine(path, name + ".pid");
}
