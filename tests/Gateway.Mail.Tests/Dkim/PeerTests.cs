using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>What we sign is verified by independent verifiers, and what they sign by ours.</summary>
public sealed class PeerTests
{
    [Fact]
    public async Task Dkimpy_verifies_what_we_sign()
    {
        await PeerRun.RequireAsync("python3-dkim and python3-nacl", PeerRun.Python, "-c", "import dkim, nacl");
        using var run = Prepare(afterColon: "\t ");
        var (good, bad) = await AskDkimpyAsync(run);
        Assert.True(bad.Count == 0, string.Join('\n', bad));
        Assert.Equal(Directory.GetFiles(run.Folder, "*.eml").Length, good);
    }

    [Fact]
    public async Task Dkimpy_verifies_the_MIME_corpus_under_our_signatures()
    {
        await PeerRun.RequireAsync("python3-dkim and python3-nacl", PeerRun.Python, "-c", "import dkim, nacl");
        var files = Directory.GetFiles(Corpora.Path("mime"), "*.eml", SearchOption.AllDirectories);
        using var run = new PeerRun();
        foreach (var (index, file) in files.Index())
        {
            var message = MimeCorpusTests.WithCrLf(await File.ReadAllBytesAsync(file));
            // The wire ends a message with CRLF; dkimpy keeps white space at the end of a last line without one.
            run.AddSigned($"mime-{index}", message.AsSpan().EndsWith("\r\n"u8) ? message : [.. message, .. "\r\n"u8]);
        }

        var (good, bad) = await AskDkimpyAsync(run);
        // A header line without a colon is more than dkimpy can read. Signatures below the first are not ours.
        bad.RemoveAll(line =>
            line.Contains(" 0 unreadable", StringComparison.Ordinal)
            || !line.Contains(".eml 0 ", StringComparison.Ordinal)
        );
        Assert.True(bad.Count == 0, string.Join('\n', bad));
        Assert.True(good >= files.Length * 8 * 95 / 100, $"only {good} of {files.Length * 8} were read");
    }

    [Fact]
    public async Task Opendkim_verifies_what_we_sign()
    {
        await PeerRun.RequireAsync("opendkim", "/usr/sbin/opendkim", "-V");
        using var run = Prepare(afterColon: " ");
        var (good, bad) = await AskOpendkimAsync(run);
        Assert.True(bad.Count == 0, string.Join('\n', bad));
        Assert.Equal(Directory.GetFiles(run.Folder, "*.eml").Length, good);
    }

    [Fact]
    public async Task Opendkim_and_dkimpy_refuse_what_was_changed()
    {
        await PeerRun.RequireAsync("python3-dkim and python3-nacl", PeerRun.Python, "-c", "import dkim, nacl");
        await PeerRun.RequireAsync("opendkim", "/usr/sbin/opendkim", "-V");
        using var run = new PeerRun();
        run.AddSigned("changed", SampleMail.Bytes);
        foreach (var file in Directory.GetFiles(run.Folder, "*.eml"))
        {
            var added = DkimSigningOptions.DefaultOversigned[Math.Abs(file.Length) % 11];
            await File.WriteAllBytesAsync(
                file,
                [.. Encoding.ASCII.GetBytes(added + ": x\r\n"), .. await File.ReadAllBytesAsync(file)]
            );
        }

        Assert.Equal((0, 8), Counted(await AskDkimpyAsync(run)));
        Assert.Equal((0, 8), Counted(await AskOpendkimAsync(run)));
    }

    [Fact]
    public async Task We_verify_what_dkimpy_signs()
    {
        await PeerRun.RequireAsync("python3-dkim and python3-nacl", PeerRun.Python, "-c", "import dkim, nacl");
        using var run = new PeerRun();
        var pem = Path.Combine(run.Folder, "rsa.pem");
        await File.WriteAllTextAsync(pem, RsaPem());
        await File.WriteAllBytesAsync(Path.Combine(run.Folder, "message.eml"), SampleMail.Bytes);
        var seed = Convert.ToBase64String(Ed25519Key.SeedFromPkcs8(TestKeys.Ed25519.ExportPkcs8())!);
        var said = await PeerRun.RunAsync(PeerRun.Python, PeerRun.ScriptPath("dkim_sign.py"), run.Folder, pem, seed);
        var signed = Directory.GetFiles(run.Folder, "*-sha256-*.eml");
        Assert.True(signed.Length == 16, said);
        foreach (var file in signed)
        {
            var verdicts = await DkimVerifier.VerifyAsync(
                await File.ReadAllBytesAsync(file),
                TestKeys.Dns(
                    ("rsa._domainkey.example.com", TestKeys.Rsa.PublicRecord),
                    ("ed._domainkey.example.com", TestKeys.Ed25519.PublicRecord)
                ),
                DateTimeOffset.UtcNow
            );
            var verdict = Assert.Single(verdicts);
            Assert.True(verdict.CoversFromAndBody, $"{file}: {verdict}");
            Assert.Equal(file.Contains("-length", StringComparison.Ordinal), verdict.UsesBodyLength);
        }
    }

    private static PeerRun Prepare(string afterColon)
    {
        var run = new PeerRun();
        run.AddSigned("sample", SampleMail.Bytes);
        foreach (var (index, message) in PeerMessages.Make(count: 40, seed: 20260803, afterColon).Index())
        {
            run.AddSigned($"made-{index}", message);
        }

        return run;
    }

    private static async Task<(int Good, List<string> Bad)> AskDkimpyAsync(PeerRun run)
    {
        var script = PeerRun.ScriptPath("dkim_verify.py");
        var lines = (await PeerRun.RunAsync(PeerRun.Python, script, run.Folder, run.KeyFile)).Split('\n');
        return (
            lines.Count(line => line.Contains(" 0 pass", StringComparison.Ordinal)),
            [.. lines.Where(line => line.Length > 0 && !line.Contains(" 0 pass", StringComparison.Ordinal))]
        );
    }

    private static async Task<(int Good, List<string> Bad)> AskOpendkimAsync(PeerRun run)
    {
        var configuration = Path.Combine(run.Folder, "opendkim.conf");
        await File.WriteAllTextAsync(configuration, $"TestPublicKeys {run.KeyFile}\nMode v\nSyslog no\n");
        var files = string.Join(',', Directory.GetFiles(run.Folder, "*.eml"));
        var said = await PeerRun.RunAsync("/usr/sbin/opendkim", "-x", configuration, "-v", "-t", files);
        var lines = said.Split('\n').Where(line => line.Contains(".eml: ", StringComparison.Ordinal)).ToList();
        lines.RemoveAll(line => line.Contains("returned SMFIS", StringComparison.Ordinal));
        return (
            lines.Count(line => line.EndsWith("succeeded", StringComparison.Ordinal)),
            [.. lines.Where(line => !line.EndsWith("succeeded", StringComparison.Ordinal))]
        );
    }

    private static (int Good, int Bad) Counted((int Good, List<string> Bad) result) => (result.Good, result.Bad.Count);

    private static string RsaPem()
    {
        using var rsa = System.Security.Cryptography.RSA.Create();
        rsa.ImportPkcs8PrivateKey(TestKeys.Rsa.ExportPkcs8(), out _);
        return rsa.ExportRSAPrivateKeyPem();
    }
}
