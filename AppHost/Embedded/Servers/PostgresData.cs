using System.Globalization;
using AppHost.Embedded.Processes;

namespace AppHost.Embedded.Servers;

/// <summary>The data folder of a private cluster: made once by initdb, and freed of a dead server's lock.</summary>
internal sealed class PostgresData(ServerFolder folder, Action<string> log)
{
    public const string Superuser = "postgres";

    private readonly string root = folder.Data("postgres");

    public string Path => System.IO.Path.Combine(root, "cluster");

    private string Fresh => System.IO.Path.Combine(root, "cluster.new");

    /// <summary>The major version that the data is of; null while there is none.</summary>
    public int? Version()
    {
        var file = System.IO.Path.Combine(Path, "PG_VERSION");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>
    /// initdb into a folder beside, renamed when whole: a kill in the middle leaves nothing that looks like data.
    /// </summary>
    public async Task CreateAsync(string binaries, string password, bool durable, CancellationToken cancel)
    {
        if (Directory.Exists(Fresh))
        {
            Directory.Delete(Fresh, recursive: true);
        }

        var passwordFile = System.IO.Path.Combine(root, "initdb.password");
        await File.WriteAllTextAsync(passwordFile, password, cancel);
        File.SetUnixFileMode(passwordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ServerAccount.Current?.Own(passwordFile);
        var output = new List<string>();
        string[] arguments =
        [
            $"--pgdata={Fresh}",
            $"--username={Superuser}",
            $"--pwfile={passwordFile}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            .. durable ? Array.Empty<string>() : ["--no-sync"],
        ];
        var initdb = new ChildCommand("initdb", System.IO.Path.Combine(binaries, "initdb"), arguments)
        {
            WorkingFolder = root,
            Account = ServerAccount.Current,
            Output = line =>
            {
                lock (output)
                {
                    output.Add(line);
                }
            },
        };
        await using (var child = await ChildProcess.StartAsync(initdb, folder.Run))
        {
            var code = await child.Exited.WaitAsync(cancel);
            File.Delete(passwordFile);
            if (code != 0)
            {
                throw new SetupException($"initdb failed ({code}):\n{string.Join('\n', output)}");
            }
        }

        Directory.Move(Fresh, Path);
        log($"made a new PostgreSQL cluster in {Path}");
    }

    /// <summary>
    /// A server that still runs on this data is stopped; the lock file of one that does not is removed, because
    /// PostgreSQL would mistake any process of ours that has since got the same number for its owner.
    /// </summary>
    public async Task ReleaseAsync(CancellationToken cancel)
    {
        var file = System.IO.Path.Combine(Path, "postmaster.pid");
        if (!File.Exists(file))
        {
            return;
        }

        var first = File.ReadLines(file).FirstOrDefault();
        if (int.TryParse(first, CultureInfo.InvariantCulture, out var pid) && RunsHere(pid) is { } server)
        {
            log($"stopping a PostgreSQL that was left running (pid {pid})");
            await RunFolder.EndAsync(server, cancel);
        }

        File.Delete(file);
    }

    // The postmaster's working directory is its data folder.
    private ProcessIdentity? RunsHere(int pid)
    {
        try
        {
            var at = new FileInfo($"/proc/{pid}/cwd").ResolveLinkTarget(returnFinalTarget: false)?.FullName;
            return at == Path ? ProcessIdentity.Of(pid) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
