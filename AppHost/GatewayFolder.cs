using System.Globalization;
using System.Security.Cryptography;
using AppHost.Embedded;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Microsoft.Extensions.Configuration;

namespace AppHost;

/// <summary>
/// <c>.gateway/</c> beside the solution: everything this clone keeps between runs. One AppHost at a time holds it.
/// </summary>
internal sealed class GatewayFolder : IDisposable
{
    private const string LockFile = "lock";
    private readonly FileStream held;
    private readonly IConfiguration configuration;

    private GatewayFolder(string path, FileStream held, IConfiguration configuration)
    {
        Path = path;
        this.held = held;
        this.configuration = configuration;
    }

    public string Path { get; }

    public string MasterKey => File("master.key");

    public string KeyRing => File("keyring.json");

    /// <summary>Made by the API host at its first start; a client may be told to trust it.</summary>
    public string SmtpCertificate => File("smtp.pem");

    /// <summary>Written by <c>migrate</c>: the demo tenant and its key.</summary>
    public string Demo => File("demo.json");

    /// <summary>The file that holds the operator's token; made at the first start, kept until a wipe.</summary>
    public string OperatorToken
    {
        get
        {
            var file = File("operator.token");
            if (!System.IO.File.Exists(file))
            {
                PrivateText.Write(file, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
            }

            return file;
        }
    }

    public string Endpoints => File("endpoints.json");

    /// <summary>The folder from <c>Gateway:Folder</c>, else <c>.gateway</c> beside the AppHost's project.</summary>
    public static string PathOf(string appHostDirectory, IConfiguration configuration) =>
        System.IO.Path.GetFullPath(
            configuration["Gateway:Folder"] is { Length: > 0 } named
                ? named
                : System.IO.Path.Combine(appHostDirectory, "..", ".gateway")
        );

    /// <summary>Takes the folder, ends what a killed run left alive, and empties it if wanted.</summary>
    /// <exception cref="SetupException">Another AppHost holds it.</exception>
    public static GatewayFolder Open(string appHostDirectory, IConfiguration configuration, bool fresh)
    {
        var path = PathOf(appHostDirectory, configuration);
        Directory.CreateDirectory(path);
        var folder = new GatewayFolder(path, Hold(path), configuration);
        var run = new RunFolder(System.IO.Path.Combine(path, "run"));
        var ended = run.EndSurvivorsAsync(CancellationToken.None).GetAwaiter().GetResult();
        if (ended.Count > 0)
        {
            Console.WriteLine(
                $"A run that was killed had left these running; they are ended: {string.Join(", ", ended)}"
            );
        }

        System.IO.File.Delete(folder.Endpoints);
        if (fresh)
        {
            ServerFolder.Wipe(path, keep: entry => System.IO.Path.GetFileName(entry) == LockFile);
            Console.WriteLine($"Wiped {path}");
        }

        return folder;
    }

    /// <summary>A configured port, <c>Ports:NAME</c>; null leaves the choice to whoever binds.</summary>
    public int? Port(string name) =>
        int.TryParse(configuration[$"Ports:{name}"], CultureInfo.InvariantCulture, out var port) && port > 0
            ? port
            : null;

    /// <summary>The name of a container's data volume: this clone's, and a new one after each wipe.</summary>
    public string Volume(string name)
    {
        var file = File("volume");
        if (!System.IO.File.Exists(file))
        {
            System.IO.File.WriteAllText(file, Guid.NewGuid().ToString("N")[..12]);
        }

        return $"email-gateway-{System.IO.File.ReadAllText(file)}-{name}";
    }

    public void Dispose()
    {
        System.IO.File.Delete(Endpoints);
        held.Dispose();
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);

    // FileShare.None is flock(2) here: the kernel lets go of it when we die, however we die.
    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(
                System.IO.Path.Combine(path, LockFile),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            );
        }
        catch (IOException error)
        {
            throw new SetupException(
                $"Another AppHost is running on {path}. Stop it, or give this one a folder of its own: "
                    + "dotnet run --project AppHost -- --Gateway:Folder=/some/where",
                error
            );
        }
    }
}
