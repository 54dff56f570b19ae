using System.Diagnostics;

namespace SystemTests.Installed;

/// <summary>A file system of a few megabytes that can be filled to the last byte. Mounting it needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"email-gateway-disk-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path);
        if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=755", "tmpfs", path) != 0)
        {
            Directory.Delete(path);
            Assert.Skip("a file system of its own cannot be mounted here: that needs root and CAP_SYS_ADMIN");
        }

        return new SmallDisk(path);
    }

    /// <summary>Writes until there is no space left.</summary>
    public void Fill()
    {
        var block = new byte[64 * 1024];
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = block.Length; size > 0; )
        {
            try
            {
                file.Write(block.AsSpan(0, size));
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", Path);
        Directory.Delete(Path);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true }
        )!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
