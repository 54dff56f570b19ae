namespace AppHost;

/// <summary>A file that only its owner reads, written in one step: it holds keys and passwords.</summary>
internal static class PrivateText
{
    public static void Write(string file, string text)
    {
        var fresh = file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new StreamWriter(fresh, options))
        {
            stream.Write(text);
        }

        File.Move(fresh, file, overwrite: true);
    }
}
