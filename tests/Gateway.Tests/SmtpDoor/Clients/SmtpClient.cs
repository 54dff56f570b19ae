using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.AppHost;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.SmtpDoor.Clients;

/// <summary>A program of somebody else that sends the same message to our door, each in its own way.</summary>
internal sealed class SmtpClient(int port, TestTenant tenant, string attachment)
{
    private const string Python = "/usr/bin/python3";
    private static readonly string Folder = Path.Combine(
        RepositoryRoot.Path,
        "tests",
        "Gateway.Tests",
        "SmtpDoor",
        "Clients"
    );

    private string Server => $"127.0.0.1:{port}";

    private string Key => tenant.Key.Text;

    public Task SendAsync(string client) =>
        client switch
        {
            "swaks" => SwaksAsync(),
            "msmtp" => MsmtpAsync(),
            "smtplib" => RunAsync(Python, ["-I", Script, "send", tenant.Domain, attachment, $"{port}", Key]),
            "curl" => CurlAsync(),
            "nodemailer" => NodemailerAsync(),
            _ => throw new ArgumentOutOfRangeException(nameof(client), client, "no such client"),
        };

    private static string Script => Path.Combine(Folder, "compose_mail.py");

    private Task SwaksAsync() =>
        RunAsync(
            PeerProgram.Find("swaks", "swaks"),
            [
                .. new[]
                {
                    "--server",
                    Server,
                    "--tls",
                    "--auth",
                    "LOGIN",
                    "--auth-user",
                    "apikey",
                    "--auth-password",
                    Key,
                },
                .. new[] { "--from", $"hello@{tenant.Domain}", "--to", "ann@example.net" },
                .. new[] { "--h-From", $"{Word("Jörg Ärger")} <hello@{tenant.Domain}>" },
                .. new[] { "--h-Subject", Word("Grüße ✓ aus Köln"), "--header", "MIME-Version: 1.0" },
                .. new[] { "--attach-type", "text/plain; charset=utf-8", "--attach-body", "Hällo,\n.\n..und fertig\n" },
                .. new[] { "--attach-type", "text/html; charset=utf-8", "--attach-body", "<p>Hällo <b>Welt</b></p>\n" },
                .. new[]
                {
                    "--attach-type",
                    "application/pdf",
                    "--attach-name",
                    "Groesse.pdf",
                    "--attach",
                    "@" + attachment,
                },
            ]
        );

    private async Task MsmtpAsync()
    {
        string[] server = ["--host=127.0.0.1", $"--port={port}", $"--from=hello@{tenant.Domain}", "--file=/dev/null"];
        string[] secure = ["--tls=on", "--tls-starttls=on", "--tls-certcheck=off"];
        string[] login = ["--auth=plain", "--user=apikey", $"--passwordeval=echo {Key}"];
        var msmtp = PeerProgram.Find("msmtp", "msmtp");
        await RunAsync(msmtp, [.. server, .. secure, .. login, "ann@example.net"], await ComposedAsync());
    }

    private async Task CurlAsync()
    {
        string[] login = ["--ssl-reqd", "--insecure", "--user", $"apikey:{Key}"];
        string[] envelope = ["--mail-from", $"hello@{tenant.Domain}", "--mail-rcpt", "ann@example.net"];
        var curl = PeerProgram.Find("curl", "curl");
        // curl sends lines as they are in the file.
        var mail = (await ComposedAsync()).ReplaceLineEndings("\r\n");
        await RunAsync(curl, ["-sS", $"smtp://{Server}/client.example", .. login, .. envelope, "-T", "-"], mail);
    }

    private async Task NodemailerAsync()
    {
        var npm = PeerProgram.Find("npm", "npm");
        await using var modules = await TestFolder.CreateAsync();
        string[] install =
        [
            "install",
            "--prefix",
            modules.Path,
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "nodemailer",
        ];
        await using (var installing = PeerProgram.Start(npm, install))
        {
            var (code, output) = await installing.Finishes();
            if (code != 0 && Environment.GetEnvironmentVariable("CI") != "true")
            {
                Assert.Skip($"nodemailer is absent: npm install nodemailer ended with {code}");
            }

            Assert.True(code == 0, output);
        }

        string[] arguments =
        [
            Path.Combine(Folder, "send_mail.mjs"),
            modules.Path,
            tenant.Domain,
            attachment,
            $"{port}",
            Key,
        ];
        await RunAsync(PeerProgram.Find("node", "nodejs"), arguments);
    }

    private async Task<string> ComposedAsync() =>
        await RunAsync(Python, ["-I", Script, "print", tenant.Domain, attachment]);

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string input = "")
    {
        await using var peer = PeerProgram.Start(program, arguments);
        var (code, output) = await peer.Finishes(input);
        Assert.True(code == 0, $"{program} ended with {code}: {output}");
        return output;
    }

    private static string Word(string text) => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";
}
