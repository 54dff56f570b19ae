using System.Security.Cryptography;
using System.Text;
using AppHost.Embedded.Processes;

namespace AppHost.Embedded.Servers;

/// <summary>
/// Where the private servers keep their things. Secrets and pid files are always in the folder given; data too,
/// unless the servers run as another user who cannot reach it (a clone under root's home): then it goes to a folder
/// of its own under the system's state directory, whose path is noted in the folder given.
/// </summary>
internal sealed class ServerFolder
{
    private const string SystemState = "/var/lib/email-gateway";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string folder;

    public ServerFolder(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(this.folder);
        Run = new RunFolder(Path.Combine(this.folder, "run"));
    }

    public RunFolder Run { get; }

    private string Note => Path.Combine(folder, "data-folder");

    /// <summary>The data folder of a server, made if need be, of the servers' user, closed to everybody else.</summary>
    public string Data(string server)
    {
        var root = DataRoot();
        Directory.CreateDirectory(root);
        var data = Path.Combine(root, server);
        Directory.CreateDirectory(data, OwnerOnly);
        ServerAccount.Current?.Own(data);
        return data;
    }

    /// <summary>The server's password: read, or drawn on first use (256 bits) and kept for us alone (0600).</summary>
    public string Password(string server)
    {
        var file = Path.Combine(folder, server + ".password");
        if (File.Exists(file))
        {
            return File.ReadAllText(file).Trim();
        }

        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using var writer = new StreamWriter(file, options);
        writer.Write(password);
        return password;
    }

    /// <summary>Deletes everything, also the data that lives elsewhere. Nothing may be running.</summary>
    public static void Wipe(string folder, Func<string, bool>? keep = null)
    {
        var note = Path.Combine(folder, "data-folder");
        if (File.Exists(note) && File.ReadAllText(note).Trim() is var elsewhere && IsOurs(elsewhere))
        {
            Delete(elsewhere);
        }

        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(folder).Where(e => keep?.Invoke(e) != true))
        {
            Delete(entry);
        }
    }

    private string DataRoot()
    {
        if (File.Exists(Note))
        {
            return File.ReadAllText(Note).Trim();
        }

        if (ServerAccount.Current is not { } account || account.CanReach(folder))
        {
            return folder;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..16];
        var elsewhere = Path.Combine(SystemState, hash);
        File.WriteAllText(Note, elsewhere + "\n");
        return elsewhere;
    }

    private static bool IsOurs(string path) =>
        Path.GetDirectoryName(path) == SystemState && Path.GetFullPath(path) == path;

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
