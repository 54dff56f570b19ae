using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;

namespace Gateway.Tests.Cluster;

/// <summary>
/// A folder of one test process in memory where there is room, else under the system's temporary folder: a disk's file
/// system takes as long for the thousand files of a test's database as PostgreSQL itself. What a killed run left there (servers and
/// files) is ended and removed by the next run.
/// </summary>
internal sealed class TestFolder : IAsyncDisposable
{
    private const string OwnerFile = "owner";
    private const string Memory = "/dev/shm";
    private const long RoomNeeded = 8L << 30;
    private const string Name = "email-gateway-tests";
    private static readonly string OnDisk = System.IO.Path.Combine(System.IO.Path.GetTempPath(), Name);
    private static readonly string InMemory = HasRoom() ? System.IO.Path.Combine(Memory, Name) : OnDisk;
    private static readonly Lazy<Task> LeftOvers = new(RemoveLeftOversAsync);

    private TestFolder(string path) => Path = path;

    public string Path { get; }

    /// <param name="onDisk">Where a server must really sync what it writes, or is measured.</param>
    public static async Task<TestFolder> CreateAsync(bool onDisk = false)
    {
        await LeftOvers.Value;
        var path = System.IO.Path.Combine(onDisk ? OnDisk : InMemory, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(path);
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        await File.WriteAllTextAsync(System.IO.Path.Combine(path, OwnerFile), self.ToString());
        return new TestFolder(path);
    }

    public ValueTask DisposeAsync()
    {
        Remove(Path);
        return ValueTask.CompletedTask;
    }

    private static bool HasRoom() => Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace >= RoomNeeded;

    private static async Task RemoveLeftOversAsync()
    {
        Directory.CreateDirectory(OnDisk);
        Directory.CreateDirectory(InMemory);
        foreach (var folder in Directory.GetDirectories(OnDisk).Union(Directory.GetDirectories(InMemory)))
        {
            var owner = System.IO.Path.Combine(folder, OwnerFile);
            // A folder without its owner's name is one that another process is making right now.
            var text = File.Exists(owner) ? await File.ReadAllTextAsync(owner) : "";
            if (ProcessIdentity.Parse(text) is { } process && !process.IsAlive())
            {
                var run = new RunFolder(System.IO.Path.Combine(folder, "run"));
                await run.EndSurvivorsAsync(CancellationToken.None);
                Remove(folder);
            }
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            ServerFolder.Wipe(folder);
            Directory.Delete(folder);
        }
        catch (DirectoryNotFoundException)
        {
            // Another run was faster.
        }
    }
}
