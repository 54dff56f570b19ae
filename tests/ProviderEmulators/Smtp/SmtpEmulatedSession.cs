using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using ProviderEmulators.Faults;

namespace ProviderEmulators.Smtp;

/// <summary>One connection: the commands in their order, each with its fault or its ordinary answer.</summary>
internal sealed class SmtpEmulatedSession(SmtpEmulator server, Socket socket) : IDisposable
{
    private readonly SmtpLines lines = new(new NetworkStream(socket, ownsSocket: true));
    private readonly List<string> recipients = [];
    private string? from;
    private bool isSecure;
    private bool isIn = server.Rules.Login is null;

    public void Dispose() => lines.Dispose();

    public async Task RunAsync(CancellationToken stop)
    {
        if (server.Ports.ImplicitTls && !await SecureAsync(stop))
        {
            return;
        }

        if (!await SayAsync(FaultStep.Connect, $"220 {server.Rules.Greeting}", stop))
        {
            return;
        }

        while (await lines.ReadAsync(stop) is { } line)
        {
            var verb = line.Split(' ', ':')[0].ToUpperInvariant();
            if (!await ObeyAsync(verb, line, stop))
            {
                return;
            }
        }
    }

    private async Task<bool> ObeyAsync(string verb, string line, CancellationToken stop)
    {
        switch (verb)
        {
            case "EHLO":
                return await SayAsync(FaultStep.Ehlo, Hello(), stop);
            case "STARTTLS" when server.Ports.Tls && !isSecure:
                return await SayAsync(FaultStep.StartTls, "220 2.0.0 ready", stop) && await SecureAsync(stop);
            case "AUTH":
                return await AuthAsync(line, stop);
            case "MAIL":
                return await MailAsync(line, stop);
            case "RCPT":
                return await RcptAsync(line, stop);
            case "DATA":
                return await DataAsync(stop);
            case "RSET":
                (from, _) = (null, Forget());
                return await SayAsync(FaultStep.Reset, "250 2.0.0 ok", stop);
            case "NOOP":
                return await SayAsync("NOOP", "250 2.0.0 ok", stop);
            case "QUIT":
                await lines.WriteAsync("221 2.0.0 bye", stop);
                return false;
            default:
                return await SayAsync(verb, "502 5.5.2 unknown command", stop);
        }
    }

    private async Task<bool> AuthAsync(string line, CancellationToken stop)
    {
        if (server.Ports.Tls && !isSecure)
        {
            return await SayAsync(FaultStep.Auth, "530 5.7.0 Must issue a STARTTLS command first", stop);
        }

        var words = line.Split(' ');
        string? given = null;
        if (words is [_, var plain, var initial] && plain.Equals("PLAIN", StringComparison.OrdinalIgnoreCase))
        {
            given = Encoding.UTF8.GetString(Convert.FromBase64String(initial));
        }
        else if (words is [_, var bare] && bare.Equals("PLAIN", StringComparison.OrdinalIgnoreCase))
        {
            await lines.WriteAsync("334 ", stop);
            given = Encoding.UTF8.GetString(Convert.FromBase64String(await lines.ReadAsync(stop) ?? ""));
        }

        isIn = server.Rules.Login is not { } login || given == $"\0{login.User}\0{login.Secret}";
        return await SayAsync(
            FaultStep.Auth,
            isIn ? "235 2.7.0 Authentication successful" : server.Rules.LoginRefusal,
            stop
        );
    }

    private async Task<bool> MailAsync(string line, CancellationToken stop)
    {
        var path = Path(line);
        var refusal =
            !isIn ? "530 5.7.0 Authentication required"
            : from is not null ? "503 5.5.1 a transaction is open"
            : Size(line) > server.Rules.MaxSize ? "552 5.3.4 message too big"
            : server.Rules.OnMail(path);
        from = refusal is null ? path : null;
        Forget();
        return await SayAsync(FaultStep.Mail, refusal ?? "250 2.1.0 ok", stop, () => from = null);
    }

    private async Task<bool> RcptAsync(string line, CancellationToken stop)
    {
        var path = Path(line);
        var refusal = from is null ? "503 5.5.1 MAIL first" : server.Rules.OnRecipient(path);
        if (refusal is null)
        {
            recipients.Add(path);
        }

        return await SayAsync(FaultStep.Rcpt, refusal ?? "250 2.1.5 ok", stop, () => recipients.Remove(path));
    }

    private async Task<bool> DataAsync(CancellationToken stop)
    {
        var isOpen = from is not null && recipients.Count > 0;
        var goesOn = true;
        var answer = isOpen ? "354 Continue" : "503 5.5.1 RCPT first";
        if (!await SayAsync(FaultStep.Data, answer, stop, () => goesOn = false))
        {
            return false;
        }

        if (!isOpen || !goesOn)
        {
            return true;
        }

        if (server.Faults.Take(FaultStep.Body) is { } fault)
        {
            await lines.ReadAsync(stop);
            if (fault.Do == FaultAct.Hang)
            {
                // Reads no more, so that the sender cannot write to the end.
                await Task.Delay(Timeout.Infinite, stop);
            }

            if (!await DoAsync(fault, stop))
            {
                return false;
            }

            if (fault.Do == FaultAct.Reply)
            {
                return true;
            }
        }

        var content = await lines.ReadContentAsync(stop);
        var (reply, keep) = server.Rules.OnMessage(new SmtpMail(from!, [.. recipients], content));
        (from, _) = (null, Forget());
        if (server.Faults.Take(FaultStep.Answer) is { } late)
        {
            if (late.Take)
            {
                keep?.Invoke();
            }

            if (late.Do != FaultAct.Slow)
            {
                return await DoAsync(late, stop);
            }

            await Task.Delay(late.DelayMs, stop);
        }

        keep?.Invoke();
        await lines.WriteAsync(reply, stop);
        return true;
    }

    /// <summary>The ordinary answer, or the step's fault in its place; false where the session is over.</summary>
    private async Task<bool> SayAsync(string step, string answer, CancellationToken stop, Action? onFault = null)
    {
        if (server.Faults.Take(step) is { } fault)
        {
            if (fault.Do != FaultAct.Slow)
            {
                onFault?.Invoke();
                return await DoAsync(fault, stop);
            }

            await Task.Delay(fault.DelayMs, stop);
        }

        await lines.WriteAsync(answer, stop);
        return true;
    }

    private async Task<bool> DoAsync(Fault fault, CancellationToken stop)
    {
        await Task.Delay(fault.DelayMs, stop);
        switch (fault.Do)
        {
            case FaultAct.Slow:
                return true;
            case FaultAct.Reply:
                var text = fault.Body ?? "451 4.3.0 fault";
                await lines.WriteAsync(text, stop);
                return !text.StartsWith("421", StringComparison.Ordinal);
            case FaultAct.Garbage:
                await lines.WriteAsync("HTTP/1.1 400 Bad Request", stop);
                return false;
            case FaultAct.Hang:
                while (await lines.ReadAsync(stop) is not null) { }

                return false;
            case FaultAct.Reset:
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Close();
                return false;
            default:
                return false;
        }
    }

    private async Task<bool> SecureAsync(CancellationToken stop)
    {
        if (server.Faults.Take(FaultStep.Tls) is { } fault && !await DoAsync(fault, stop))
        {
            return false;
        }

        await lines.SecureAsync(
            new SslServerAuthenticationOptions { ServerCertificate = EmulatorCertificate.Value },
            stop
        );
        return isSecure = true;
    }

    private string Hello()
    {
        var offers = server.Rules.Extensions.ToList();
        if (server.Ports is { Tls: true, ImplicitTls: false } && !isSecure)
        {
            offers.Add("STARTTLS");
        }
        else if (server.Rules.Login is not null)
        {
            offers.Add("AUTH PLAIN LOGIN");
        }

        var all = offers.Prepend("emulator at your service").ToArray();
        return string.Join("\r\n", all.Select((l, i) => (i == all.Length - 1 ? "250 " : "250-") + l));
    }

    private bool Forget()
    {
        recipients.Clear();
        return true;
    }

    private static string Path(string line)
    {
        var start = line.IndexOf('<', StringComparison.Ordinal) + 1;
        var end = line.IndexOf('>', start);
        return end < start ? "" : line[start..end];
    }

    private static long Size(string line)
    {
        var at = line.IndexOf(" SIZE=", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 0 : long.Parse(line[(at + 6)..].Split(' ')[0]);
    }
}
