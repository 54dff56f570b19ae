using System.Diagnostics;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>A folder of messages for other people's verifiers, and the processes that read it.</summary>
internal sealed class PeerRun : IDisposable
{
    public const string Python = "/usr/bin/python3"; // Debian's: the one that has Debian's modules

    public PeerRun() => File.WriteAllLines(KeyFile, Keys);

    public string Folder { get; } = Directory.CreateTempSubdirectory("dkim-peer-").FullName;

    public string KeyFile => Path.Combine(Folder, "keys.txt");

    private static string[] Keys =>
        [
            "rsa._domainkey.example.com " + TestKeys.Rsa.PublicRecord,
            "ed._domainkey.example.com " + TestKeys.Ed25519.PublicRecord,
        ];

    /// <summary>A file for each key and canonicalization, one signature each.</summary>
    public void AddSigned(string name, byte[] message)
    {
        foreach (var header in Enum.GetValues<Canonicalization>())
        {
            foreach (var body in Enum.GetValues<Canonicalization>())
            {
                Add("rsa", SampleMail.Rsa());
                Add("ed", SampleMail.Ed25519());

                void Add(string key, DkimSigningOptions options)
                {
                    var now = DateTimeOffset.UtcNow; // the peers have no clock to set
                    var fields = DkimSigner.Sign(message, [options with { Header = header, Body = body, Now = now }]);
                    var path = Path.Combine(Folder, $"{name}-{key}-{header}-{body}.eml");
                    File.WriteAllBytes(path, [.. fields, .. message]);
                }
            }
        }
    }

    public static string ScriptPath(string name)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Gateway.sln")))
        {
            at = at.Parent;
        }

        return Path.Combine(at.FullName, "tests", "Gateway.Mail.Tests", "Peers", name);
    }

    /// <summary>Standard output, then standard error, of a peer that ends by itself.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            process.Kill(entireProcessTree: true); // does nothing to one that has ended
        }

        return await output + await errors;
    }

    /// <summary>Skips where the peer is not installed; in CI that is a failure.</summary>
    public static async Task RequireAsync(string package, string program, params string[] probe)
    {
        var isThere =
            File.Exists(program) && !(await RunAsync(program, probe)).Contains("Error", StringComparison.Ordinal);
        if (!isThere)
        {
            var why = $"Debian package {package} is not installed";
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", why);
            Assert.Skip(why);
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
