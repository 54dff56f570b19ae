using System.Text;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>
/// A Postfix of its own, in a temporary folder with its own queue: listens on a free port, offers STARTTLS, hands all
/// mail to the given port. Needs root, as Postfix does.
/// </summary>
internal sealed class PrivatePostfix : IAsyncDisposable
{
    // Every service without chroot; the usual set less what delivers locally.
    private const string Services = """
        pickup unix n - n 60 1 pickup
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        smtp unix - - n - - smtp
        error unix - - n - - error
        retry unix - - n - - error
        proxymap unix - - n - - proxymap
        anvil unix - - n - 1 anvil
        scache unix - - n - 1 scache
        tlsmgr unix - - n 1000? 1 tlsmgr
        postlog unix-dgram n - n - 1 postlogd
        showq unix n - n - - showq
        flush unix n - n 1000? 0 flush
        verify unix - - n - 1 verify
        """;

    private const string Refused = "{nobody@example.org=REJECT}";

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"gw-postfix-{Guid.NewGuid():N}");
    private readonly string postfix;

    private PrivatePostfix(string postfix) => this.postfix = postfix;

    public int Port { get; } = PeerProgram.FreePort();

    public string Log => Path.Combine(folder, "log");

    public static async Task<PrivatePostfix> Start(int relayTo)
    {
        var program = PeerProgram.Find("postfix", "postfix");
        if (Environment.UserName != "root")
        {
            Assert.Skip("Postfix starts only as root");
        }

        var made = new PrivatePostfix(program);
        await made.Configure(relayTo);
        await made.Run("start");
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        await Run("abort");
        Directory.Delete(folder, recursive: true);
    }

    private async Task Configure(int relayTo)
    {
        foreach (var name in (string[])["conf", "queue", "data"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        await using (var chown = PeerProgram.Start("/bin/chown", "postfix", Path.Combine(folder, "data")))
        {
            await chown.Finishes();
        }

        var certificate = Path.Combine(folder, "conf", "chain.pem");
        await File.WriteAllTextAsync(certificate, Pem());
        var main = $"""
            compatibility_level = 3.6
            queue_directory = {folder}/queue
            data_directory = {folder}/data
            maillog_file = {Log}
            maillog_file_prefixes = {folder}
            myhostname = postfix.example
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            relayhost = [127.0.0.1]:{relayTo}
            smtputf8_enable = yes
            smtpd_recipient_restrictions = check_recipient_access inline:{Refused}, permit_mynetworks
            smtpd_tls_security_level = may
            smtpd_tls_chain_files = {certificate}
            alias_maps =
            alias_database =

            """;
        await File.WriteAllTextAsync(Path.Combine(folder, "conf", "main.cf"), main);
        var master = $"127.0.0.1:{Port} inet n - n - - smtpd\n{Services}\n";
        await File.WriteAllTextAsync(Path.Combine(folder, "conf", "master.cf"), master);
    }

    private static string Pem()
    {
        var certificate = TestCertificate.Value;
        using var key = certificate.PrivateKey();
        return new StringBuilder(key.ExportPkcs8PrivateKeyPem())
            .Append('\n')
            .Append(certificate.ExportCertificatePem())
            .Append('\n')
            .ToString();
    }

    private async Task Run(string command)
    {
        await using var run = PeerProgram.Start(postfix, "-c", Path.Combine(folder, "conf"), command);
        await run.Finishes();
    }
}
