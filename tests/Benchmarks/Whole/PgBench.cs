using System.Diagnostics;
using System.Globalization;
using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Running;
using Npgsql;

namespace Gateway.Benchmarks.Whole;

/// <summary><c>pgbench -c 32 -j 2</c>: one 4 KiB row a transaction, texts of random words, all different.</summary>
internal sealed class PgBench : IDisposable
{
    private const int Texts = 120; // pgbench takes at most 128 scripts
    private readonly string folder = Directory.CreateTempSubdirectory("email-gateway-pgbench-").FullName;
    private readonly NpgsqlConnectionStringBuilder server;

    private PgBench(string server) => this.server = new NpgsqlConnectionStringBuilder(server);

    public static async Task<PgBench> PrepareAsync(RunningSystem system)
    {
        await system.ExecuteAsync(
            "CREATE TABLE plain_rows (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz DEFAULT now(), content text)"
        );
        var made = new PgBench(system.Postgres.ConnectionString("ledger"));
        var random = new Random(1);
        for (var i = 0; i < Texts; i++)
        {
            var sql = $"INSERT INTO plain_rows (content) VALUES ('{RandomWords.Text(random, 4096)}');\n";
            await File.WriteAllTextAsync(Path.Combine(made.folder, $"{i}.sql"), sql);
        }

        return made;
    }

    /// <returns>Transactions by the second.</returns>
    public async Task<double> RunAsync(TimeSpan length)
    {
        string[] scripts = [.. Directory.GetFiles(folder).SelectMany(f => new[] { "-f", f })];
        var seconds = Math.Max(1, (int)length.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(
            Program(),
            ["-n", "-c", "32", "-j", "2", "-T", seconds, "-l", "--log-prefix", Path.Combine(folder, "log"), .. scripts]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PGHOST"] = server.Host,
                ["PGPORT"] = $"{server.Port}",
                ["PGUSER"] = server.Username,
                ["PGPASSWORD"] = server.Password,
                ["PGDATABASE"] = server.Database,
            },
        };
        var meter = new Meter();
        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync();
        await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        var took = new List<TimeSpan>();
        foreach (var log in Directory.GetFiles(folder, "log*"))
        {
            // client, transaction, microseconds, …
            await foreach (var line in File.ReadLinesAsync(log))
            {
                took.Add(TimeSpan.FromMicroseconds(double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)));
            }

            File.Delete(log);
        }

        return run.ExitCode == 0
            ? meter.Show(
                "pgbench -c 32 -j 2, the same 4 KiB",
                took.Count,
                took,
                TimeSpan.FromSeconds((int)length.TotalSeconds)
            )
            : throw new InvalidOperationException($"pgbench failed: {await errors}");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Program() =>
        Directory
            .GetDirectories("/usr/lib/postgresql")
            .Select(d => Path.Combine(d, "bin", "pgbench"))
            .Where(File.Exists)
            .Order(StringComparer.Ordinal)
            .LastOrDefault()
        ?? "pgbench";
}
