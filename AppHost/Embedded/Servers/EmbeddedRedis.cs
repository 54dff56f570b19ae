using System.Net.Sockets;
using System.Text;
using AppHost.Embedded.Processes;

namespace AppHost.Embedded.Servers;

/// <summary>How a private Redis is kept.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>Holds password and pid file, and the data too where the server's user can reach it.</summary>
    public required string Folder { get; init; }

    /// <summary>The wanted loopback port; 0, or one already taken, means any free one.</summary>
    public int Port { get; init; }

    /// <summary>Given the server's log, line by line, and what set-up does.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}

/// <summary>
/// A private Redis from the machine's binaries: loopback only, a drawn password. It holds only what may be lost, so
/// its snapshot on a clean stop is all the durability it has.
/// </summary>
public sealed class EmbeddedRedis : IAsyncDisposable
{
    private const int Tries = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly ChildProcess server;

    private EmbeddedRedis(ChildProcess server, int port, string password)
    {
        this.server = server;
        Port = port;
        ConnectionString = $"127.0.0.1:{port},password={password}";
    }

    public int Port { get; }

    public int Pid => server.Pid;

    /// <summary>Ends with the exit code when the server ends, for whatever reason.</summary>
    public Task<int> Exited => server.Exited;

    /// <summary>In StackExchange.Redis form, as Aspire gives it.</summary>
    public string ConnectionString { get; }

    /// <exception cref="SetupException">Redis is missing, or did not start; the message has its last words.</exception>
    public static async Task<EmbeddedRedis> StartAsync(EmbeddedRedisOptions options, CancellationToken cancel = default)
    {
        var binary = await ServerBinaries.RedisAsync(options.Log, cancel);
        var folder = new ServerFolder(options.Folder);
        var data = folder.Data("redis");
        var secret = folder.Password("redis");
        LastLines last = new();
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            var port = LoopbackPort.Choose(attempt == 1 ? options.Port : 0);
            var child = await ChildProcess.StartAsync(
                // Configuration by standard input: a password on the command line would be in every process list.
                new ChildCommand("redis", binary, ["-"])
                {
                    WorkingFolder = data,
                    Account = ServerAccount.Current,
                    Input = Configuration(data, port, secret),
                    Output = last.Tee(options.Log),
                },
                folder.Run
            );
            if (await AnswersAsync(child, port, secret, cancel))
            {
                return new EmbeddedRedis(child, port, secret);
            }

            await child.DisposeAsync();
            if (!last.TellOfTakenPort)
            {
                break;
            }
        }

        throw new SetupException($"Redis did not start. Its last words:\n{last}");
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync((Signal.Terminate, StopLimit));
        await server.DisposeAsync();
    }

    private static string Configuration(string data, int port, string password) =>
        $"""
            bind 127.0.0.1
            port {port}
            requirepass {password}
            dir "{data}"
            daemonize no
            appendonly no
            save 3600 1
            loglevel warning

            """;

    private static async Task<bool> AnswersAsync(
        ChildProcess server,
        int port,
        string password,
        CancellationToken cancel
    )
    {
        var deadline = DateTime.UtcNow + StartLimit;
        while (!server.Exited.IsCompleted && DateTime.UtcNow < deadline)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port, cancel);
                var stream = client.GetStream();
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {password}\r\nPING\r\n"), cancel);
                using var reader = new StreamReader(stream, Encoding.ASCII);
                // A stranger's Redis on this port would not know the password.
                if (await reader.ReadLineAsync(cancel) == "+OK" && await reader.ReadLineAsync(cancel) == "+PONG")
                {
                    return true;
                }
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                // Not yet.
            }

            await Task.WhenAny(server.Exited, Task.Delay(20, cancel));
        }

        return false;
    }
}
