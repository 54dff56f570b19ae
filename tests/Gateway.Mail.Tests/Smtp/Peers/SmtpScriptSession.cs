using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>One connection of a scripted server.</summary>
internal sealed class SmtpScriptSession(SmtpScriptServer server, Socket socket) : IDisposable
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly List<byte> held = [];
    private readonly List<string> recipients = [];
    private Stream stream = new NetworkStream(socket, ownsSocket: true);
    private string from = "";

    public async Task Run(CancellationToken stop)
    {
        if (server.Script.Implicit)
        {
            await Secure(stop);
        }

        if (!await Step("connect", stop))
        {
            return;
        }

        while (await ReadLine(stop) is { } line)
        {
            server.Commands.Enqueue(line);
            var verb = line.Split(' ', 2)[0].ToUpperInvariant();
            Note(verb, line);
            if (verb == "STARTTLS" && server.Script.Certificate is not null)
            {
                if (!await Step(verb, stop, "220 2.0.0 go ahead"))
                {
                    return;
                }

                held.Clear();
                await Secure(stop);
                continue;
            }

            if (!await Step(verb, stop, verb == "RCPT" && from.Length == 0 ? "503 5.5.1 MAIL first" : null))
            {
                return;
            }

            if (verb == "MAIL" && !answered.StartsWith('2'))
            {
                from = "";
            }

            if (verb == "DATA" && answered.StartsWith("354", StringComparison.Ordinal) && !await Content(stop))
            {
                return;
            }
        }
    }

    private string answered = "";

    private void Note(string verb, string line)
    {
        var path = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (verb == "MAIL")
        {
            from = path;
            recipients.Clear();
        }
        else if (verb == "RCPT")
        {
            recipients.Add(path);
        }
    }

    private async Task<bool> Content(CancellationToken stop)
    {
        var content = new List<byte>();
        while (true)
        {
            var end = EndOfContent(held);
            if (end >= 0)
            {
                content.AddRange(held[..end]);
                held.RemoveRange(0, end);
                held.RemoveRange(0, held.IndexOf((byte)'\n') + 1);
                server.Mails.Enqueue(new ReceivedMail(from, [.. recipients], [.. content]));
                return await Step(".", stop);
            }

            if (server.Script.On("content", server.Count("content")) is { } act)
            {
                return await Do(act, stop);
            }

            if (!await Fill(stop))
            {
                return false;
            }
        }
    }

    // Quadratic on purpose: simple, and its messages are small. Position of the dot's line, or -1.
    private int EndOfContent(List<byte> bytes)
    {
        var text = Encoding.Latin1.GetString([.. bytes]);
        if (text.StartsWith(".\r\n", StringComparison.Ordinal))
        {
            return 0;
        }

        var strict = text.IndexOf("\r\n.\r\n", StringComparison.Ordinal);
        var lax = server.Script.Lax ? text.IndexOf("\n.\n", StringComparison.Ordinal) : -1;
        return lax >= 0 && (strict < 0 || lax < strict) ? lax + 1
            : strict < 0 ? -1
            : strict + 2;
    }

    private async Task<bool> Step(string step, CancellationToken stop, SmtpAct? ordinary = null)
    {
        var act = server.Script.On(step, server.Count(step)) ?? ordinary ?? server.Script.Ordinary(step);
        return await Do(act, stop);
    }

    private async Task<bool> Do(SmtpAct act, CancellationToken stop)
    {
        switch (act)
        {
            case SmtpAct.Reply reply:
                answered = reply.Text;
                await stream.WriteAsync(Encoding.UTF8.GetBytes(reply.Text + "\r\n"), stop);
                return true;
            case SmtpAct.Raw raw:
                answered = Encoding.Latin1.GetString(raw.Bytes);
                await stream.WriteAsync(raw.Bytes, stop);
                return true;
            case SmtpAct.After after:
                await Task.Delay(after.Delay, stop);
                return await Do(after.Then, stop);
            case SmtpAct.Both both:
                return await Do(both.First, stop) && await Do(both.Second, stop);
            case SmtpAct.Silence:
                while (await stream.ReadAsync(buffer, stop) > 0) { }

                return false;
            case SmtpAct.Reset:
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Close();
                return false;
            default:
                return false;
        }
    }

    private async Task Secure(CancellationToken stop)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = server.Script.Certificate },
            stop
        );
        stream = secured;
    }

    private async Task<string?> ReadLine(CancellationToken stop)
    {
        while (true)
        {
            var end = held.IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString([.. held[..end]]).TrimEnd('\r');
                held.RemoveRange(0, end + 1);
                return line;
            }

            if (!await Fill(stop))
            {
                return null;
            }
        }
    }

    private async Task<bool> Fill(CancellationToken stop)
    {
        var got = await stream.ReadAsync(buffer, stop);
        held.AddRange(buffer.AsSpan(0, got));
        return got > 0;
    }

    public void Dispose() => stream.Dispose();
}
