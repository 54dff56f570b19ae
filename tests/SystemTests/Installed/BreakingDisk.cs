using System.Diagnostics;

namespace SystemTests.Installed;

/// <summary>
/// An ext4 file system in a file, which turns read-only at a word as a real one does after an error: under open files, at
/// once, until it was checked and mounted anew. Needs root and a loop device.
/// </summary>
internal sealed class BreakingDisk : IAsyncDisposable
{
    private const int UnmountTries = 50;
    private readonly string image;

    private BreakingDisk(string image, string path) => (this.image, Path) = (image, path);

    public string Path { get; }

    public static async Task<BreakingDisk> MountAsync(int megabytes)
    {
        var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"email-gateway-disk-{Guid.NewGuid():N}");
        var disk = new BreakingDisk(path + ".img", path);
        Directory.CreateDirectory(disk.Path);
        await using (var file = File.Create(disk.image))
        {
            file.SetLength(megabytes * 1024L * 1024);
        }

        if (
            await RunAsync("mkfs.ext4", "-q", "-F", disk.image) == 0
            && await disk.TryMountAsync()
            && File.Exists(await disk.ErrorAsync())
        )
        {
            return disk;
        }

        await disk.DisposeAsync();
        Assert.Skip(
            "an ext4 file system of its own cannot be mounted here: that needs root, a loop device and mkfs.ext4"
        );
        return disk;
    }

    /// <summary>What was written so far stays: files that nobody flushed are else lost with the minute before.</summary>
    public async Task SettleAsync() => Assert.Equal(0, await RunAsync("sync", "-f", Path));

    /// <summary>From now on nothing is written any more, by whoever has a file open or not.</summary>
    public async Task BreakAsync()
    {
        await File.WriteAllTextAsync(await ErrorAsync(), "1");
        try
        {
            await File.WriteAllTextAsync(System.IO.Path.Combine(Path, "proof"), "x");
        }
        catch (IOException)
        {
            return;
        }

        Assert.Fail("the file system still takes writes");
    }

    /// <summary>Checked and mounted anew; nobody may use it meanwhile.</summary>
    public async Task MendAsync()
    {
        await UnmountAsync();
        // 0: clean, 1: mended.
        var checkedBy = await RunAsync("e2fsck", "-p", "-f", image);
        Assert.True(checkedBy is 0 or 1, $"e2fsck ended with {checkedBy}");
        Assert.True(await TryMountAsync(), "the mended file system cannot be mounted");
    }

    public async ValueTask DisposeAsync()
    {
        await UnmountAsync();
        Directory.Delete(Path);
        File.Delete(image);
    }

    private async Task<bool> TryMountAsync() =>
        await RunAsync("mount", "-t", "ext4", "-o", "loop,errors=remount-ro", image, Path) == 0;

    /// <summary>Whatever used it may need a moment to let go.</summary>
    private async Task UnmountAsync()
    {
        for (var i = 0; i < UnmountTries && (await DeviceAsync()) is not null; i++)
        {
            if (await RunAsync("umount", Path) != 0)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Where the kernel lets one report an error by hand.</summary>
    private async Task<string> ErrorAsync() => $"/sys/fs/ext4/{await DeviceAsync()}/trigger_fs_error";

    /// <summary>Such as <c>loop3</c>; null where it is not mounted.</summary>
    private async Task<string?> DeviceAsync()
    {
        var mounts = await File.ReadAllLinesAsync("/proc/mounts");
        var mine = mounts.Select(m => m.Split(' ')).FirstOrDefault(m => m[1] == Path);
        return mine is null ? null : System.IO.Path.GetFileName(mine[0]);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    UseShellExecute = false,
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                }
            )!;
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
