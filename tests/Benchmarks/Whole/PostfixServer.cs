using System.Diagnostics;
using AppHost.Embedded.Servers;

namespace Gateway.Benchmarks.Whole;

/// <summary>A Postfix of its own, as Debian makes it but for its folders, that hands all mail to one relay. Needs root.</summary>
internal sealed class PostfixServer : IAsyncDisposable
{
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

    private readonly string folder = Directory.CreateTempSubdirectory("email-gateway-postfix-").FullName;

    public int Port { get; } = LoopbackPort.Choose();

    public static bool IsThere => File.Exists("/usr/sbin/postfix") && Environment.UserName == "root";

    public static async Task<PostfixServer> StartAsync(int relayTo)
    {
        var made = new PostfixServer();
        await made.ConfigureAsync(relayTo);
        await made.RunAsync("start");
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("abort");
        Directory.Delete(folder, recursive: true);
    }

    private async Task ConfigureAsync(int relayTo)
    {
        foreach (var name in (string[])["conf", "queue", "data"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        // Its processes run as another user, and the folder was made for this one alone.
        using (var open = Process.Start("/bin/chmod", ["755", folder]))
        {
            await open.WaitForExitAsync();
        }

        using (var owner = Process.Start("/bin/chown", ["postfix", Path.Combine(folder, "data")]))
        {
            await owner.WaitForExitAsync();
        }

        var main = $"""
            compatibility_level = 3.6
            queue_directory = {folder}/queue
            data_directory = {folder}/data
            maillog_file = {folder}/log
            maillog_file_prefixes = {folder}
            myhostname = postfix.example
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            relayhost = [127.0.0.1]:{relayTo}
            smtpd_recipient_restrictions = permit_mynetworks, reject
            default_destination_concurrency_limit = 64
            initial_destination_concurrency = 64
            alias_maps =
            alias_database =

            """;
        await File.WriteAllTextAsync(Path.Combine(folder, "conf", "main.cf"), main);
        var master = $"127.0.0.1:{Port} inet n - n - - smtpd\n{Services}\n";
        await File.WriteAllTextAsync(Path.Combine(folder, "conf", "master.cf"), master);
    }

    private async Task RunAsync(string command)
    {
        using var run = Process.Start("/usr/sbin/postfix", ["-c", Path.Combine(folder, "conf"), command]);
        await run.WaitForExitAsync();
    }
}
