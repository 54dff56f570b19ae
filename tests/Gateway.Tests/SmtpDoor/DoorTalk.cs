using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.SmtpDoor;

/// <summary>Connections to the running SMTP door, as far as a test wants them to be.</summary>
internal static partial class DoorTalk
{
    /// <summary>The port that the newest API host listens on for SMTP.</summary>
    public static int SmtpPort(this RunningGateway gateway, bool implicitTls = false)
    {
        var output = gateway.Apis.Last(a => !a.HasEnded).Output;
        var told = Listening().Matches(output).First(m => m.Groups["how"].Value == (implicitTls ? "TLS" : "STARTTLS"));
        return int.Parse(told.Groups["port"].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Connected, and nothing said yet.</summary>
    public static async Task<SmtpTalk> ConnectAsync(int port, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
        }
        catch (SocketException problem)
        {
            throw new InvalidOperationException($"nothing listens on {port}", problem);
        }

        return new SmtpTalk(new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Under TLS, after EHLO.</summary>
    public static async Task<SmtpTalk> SecuredAsync(int port, IPAddress? from = null)
    {
        var talk = await ConnectAsync(port, from);
        await talk.Hear();
        await talk.Ask("EHLO client.example");
        Assert.StartsWith("220", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Secure();
        await talk.Ask("EHLO client.example");
        return talk;
    }

    /// <summary>Logged in with the tenant's key.</summary>
    public static async Task<SmtpTalk> LoggedInAsync(int port, TestTenant tenant)
    {
        var talk = await SecuredAsync(port);
        Assert.StartsWith("235", await talk.Ask(Plain(tenant.Key.Text)), StringComparison.Ordinal);
        return talk;
    }

    public static string Plain(string key, string user = "apikey") =>
        "AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{key}"));

    /// <summary>Asked for content by 354.</summary>
    public static async Task<SmtpTalk> AtDataAsync(int port, TestTenant tenant, string to = "ann@example.net")
    {
        var talk = await LoggedInAsync(port, tenant);
        await talk.Ask($"MAIL FROM:<bounces@{tenant.Domain}>");
        await talk.Ask($"RCPT TO:<{to}>");
        Assert.StartsWith("354", await talk.Ask("DATA"), StringComparison.Ordinal);
        return talk;
    }

    /// <summary>One transaction on a session; the last reply.</summary>
    public static async Task<string> SendAsync(this SmtpTalk talk, string from, string to, string content)
    {
        string[] commands = [$"MAIL FROM:<{from}> SMTPUTF8", .. to.Split(',').Select(t => $"RCPT TO:<{t}>"), "DATA"];
        foreach (var command in commands)
        {
            var reply = await talk.Ask(command) ?? "";
            if (reply is not ['2' or '3', ..])
            {
                await talk.Ask("RSET");
                return reply;
            }
        }

        await talk.Send(Encoding.UTF8.GetBytes(content.ReplaceLineEndings("\r\n") + "\r\n.\r\n"));
        return await talk.Hear() ?? "";
    }

    /// <summary>The message's id in a positive reply to its content.</summary>
    public static Guid IdIn(string reply)
    {
        Assert.StartsWith("250 2.0.0 Ok: queued as ", reply, StringComparison.Ordinal);
        return Guid.Parse(reply[(reply.LastIndexOf(' ') + 1)..]);
    }

    [GeneratedRegex(@"SMTP with (?<how>\w+) listens on \S+:(?<port>\d+)", RegexOptions.None, 1_000)]
    private static partial Regex Listening();
}
