using System.Diagnostics;
using System.Globalization;

namespace Gateway.Mail.Smtp.Server;

/// <summary>The command loop of one session and what it remembers between commands.</summary>
internal sealed class SmtpDialogue(
    SmtpServerIo io,
    SmtpServerOptions options,
    SmtpServerPolicy policy,
    SmtpPeer peer,
    CancellationToken stop
)
{
    // RFC 5321 §4.5.3.1.4: 512 octets, and what SIZE, BODY, SMTPUTF8 and AUTH add to MAIL.
    private const int MaxCommandLine = 1000;

    private readonly List<SmtpPath> recipients = [];
    private SmtpSender? sender;
    private int commands;
    private int errors;
    private int logins;
    private int failedLogins;
    private readonly long begun = Stopwatch.GetTimestamp();
    private bool extended;
    private bool closing;
    private bool isSaid;

    private bool MayLogIn => peer.IsSecured || options.AllowPlaintextAuth;

    public async Task Run()
    {
        var greeting = await Ask(() => policy.OnConnect(peer, stop));
        Say(greeting ?? new SmtpReply(220, Enhanced: null, $"{options.Name} ESMTP"), plain: greeting is null);
        closing |= greeting is { IsPositive: false };
        while (!closing)
        {
            var (kind, line) = await io.ReadLine(Patience());
            if (kind == LineKind.Closed)
            {
                return;
            }

            if (kind != LineKind.Line)
            {
                await Abort(kind);
            }
            else if (++commands > options.MaxCommands)
            {
                Close("4.7.0 Too many commands");
            }
            else
            {
                await Dispatch(line);
            }
        }

        if (!isSaid)
        {
            await io.Flush();
        }
    }

    private async ValueTask Dispatch(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var verb = (space < 0 ? line : line[..space]).ToUpperInvariant();
        var argument = space < 0 ? "" : line[(space + 1)..].Trim(' ');
        if (line.Length > MaxCommandLine && verb != "AUTH")
        {
            await Abort(LineKind.TooLong);
            return;
        }

        switch (verb)
        {
            case "EHLO" or "HELO":
                await Hello(argument, verb == "EHLO");
                break;
            case "STARTTLS":
                await StartTls(argument);
                break;
            case "AUTH":
                await Auth(argument);
                break;
            case "MAIL":
                await Mail(argument);
                break;
            case "RCPT":
                await Rcpt(argument);
                break;
            case "DATA":
                await Data(argument);
                break;
            case "RSET" when argument.Length == 0:
                Reset();
                Say(250, "2.0.0 Ok");
                break;
            case "NOOP":
                Say(250, "2.0.0 Ok");
                break;
            case "VRFY":
                Say(252, "2.5.0 Send and see"); // RFC 5321 §3.5.3: tells nobody who lives here
                break;
            case "HELP":
                Say(214, "2.0.0 RFC 5321");
                break;
            case "QUIT" when argument.Length == 0:
                Say(221, "2.0.0 Bye");
                closing = true;
                break;
            case "RSET" or "QUIT":
                Error(501, "5.5.4 No parameters here");
                break;
            case "EXPN" or "BDAT" or "TURN" or "ETRN":
                Error(502, "5.5.1 Not implemented");
                break;
            // A browser was led here to speak SMTP through a POST body.
            case "GET" or "POST" or "PUT" or "HEAD" or "OPTIONS" or "CONNECT":
                Say(554, "5.5.1 This is not a web server");
                closing = true;
                break;
            default:
                Error(500, "5.5.1 Command not recognised");
                break;
        }
    }

    private async ValueTask Hello(string name, bool withExtensions)
    {
        if (name.Length is 0 or > 255 || !SmtpPath.IsDomain(name))
        {
            Error(501, "5.5.4 A domain or an address literal is needed");
            return;
        }

        Reset(); // RFC 5321 §4.1.4
        peer.HelloName = name;
        if (await Ask(() => policy.OnHello(peer, stop)) is { IsPositive: false } refusal)
        {
            peer.HelloName = null;
            Say(refusal);
            return;
        }

        extended = withExtensions;
        Say(new SmtpReply(250, Enhanced: null, withExtensions ? Offer() : options.Name), plain: true);
    }

    private string Offer()
    {
        var offer = new List<string>
        {
            options.Name,
            "PIPELINING",
            string.Create(CultureInfo.InvariantCulture, $"SIZE {options.MaxMessage}"),
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        };
        if (options.StartTls is not null && !peer.IsSecured)
        {
            offer.Add("STARTTLS");
        }

        if (MayLogIn)
        {
            offer.Add("AUTH PLAIN LOGIN");
        }

        return string.Join('\n', offer);
    }

    private async ValueTask StartTls(string argument)
    {
        if (argument.Length > 0)
        {
            Error(501, "5.5.4 No parameters here"); // RFC 3207 §4
            return;
        }

        if (options.StartTls is null || !extended || peer.IsSecured || peer.Identity is not null || sender is not null)
        {
            var text = peer.IsSecured ? "5.5.1 TLS is on already" : "5.5.1 Not now";
            Error(options.StartTls is null ? 502 : 503, text);
            return;
        }

        // RFC 3207 §4.2, CVE-2011-0411: what came with STARTTLS in one piece came in clear, and must not be heard later.
        if (io.HasBuffered)
        {
            await Abort(554, "5.5.0 Nothing may follow STARTTLS");
            return;
        }

        Say(220, "2.0.0 Go ahead");
        await io.Flush();
        io.Switch(await options.StartTls(io.Transport, stop));
        peer.IsSecured = true;
        peer.HelloName = null; // RFC 3207 §4.2: all knowledge of the peer is discarded
        extended = false;
        Reset();
    }

    private async ValueTask Auth(string argument)
    {
        // RFC 4954 §4: not before EHLO, not twice, not inside a transaction.
        if (!extended || peer.Identity is not null || sender is not null)
        {
            Error(503, "5.5.1 Not now");
            return;
        }

        if (!MayLogIn)
        {
            Error(538, "5.7.11 Encryption required");
            return;
        }

        var (login, problem) = await new AuthExchange(io, Patience).Run(argument);
        if (login is null)
        {
            if (problem is not null)
            {
                Error(problem);
            }

            return;
        }

        var refusal = await Ask(() => policy.OnAuth(peer, login, stop));
        if (refusal is { IsPositive: false })
        {
            Error(refusal);
            failedLogins += refusal.IsPermanent ? 1 : 0;
            var isEnough = failedLogins >= options.MaxFailedLogins || ++logins >= options.MaxLogins;
            if (isEnough && !closing)
            {
                Close("4.7.0 Too many failed logins");
            }

            return;
        }

        peer.Identity = login.Identity;
        Say(refusal ?? SmtpReply.Of(235, "2.7.0 Welcome"));
    }

    private async ValueTask Mail(string argument)
    {
        if (peer.HelloName is null || sender is not null)
        {
            Error(503, "5.5.1 Not now");
            return;
        }

        if (options.RequireAuth && peer.Identity is null)
        {
            Error(530, "5.7.0 Authentication required");
            return;
        }

        if (SmtpArgument.Sender(argument, out var asked) is { } wrong)
        {
            Error(wrong);
            return;
        }

        if (asked!.Size > options.MaxMessage)
        {
            Say(552, "5.3.4 Message is larger than SIZE"); // RFC 1870 §6.1
            return;
        }

        var answer = await Ask(() => policy.OnMailFrom(peer, asked, stop));
        sender = answer is { IsPositive: false } ? null : asked;
        Say(answer ?? SmtpReply.Of(250, "2.1.0 Ok"));
    }

    private async ValueTask Rcpt(string argument)
    {
        if (sender is null)
        {
            Error(503, "5.5.1 MAIL first");
            return;
        }

        if (SmtpArgument.Recipient(argument, sender.Utf8, out var path) is { } wrong)
        {
            Error(wrong);
            return;
        }

        if (recipients.Count >= options.MaxRecipients)
        {
            Say(452, "4.5.3 Too many recipients"); // RFC 5321 §4.5.3.1.10
            return;
        }

        var answer = await Ask(() => policy.OnRcptTo(peer, sender, path, stop));
        if (answer is not { IsPositive: false })
        {
            recipients.Add(path);
        }

        Say(answer ?? SmtpReply.Of(250, "2.1.5 Ok"));
    }

    private async ValueTask Data(string argument)
    {
        SmtpReply? refusal = null;
        if (argument.Length > 0)
        {
            refusal = SmtpReply.Of(501, "5.5.4 No parameters here");
        }
        else if (sender is null)
        {
            refusal = SmtpReply.Of(503, "5.5.1 MAIL first");
        }
        else if (recipients.Count == 0)
        {
            refusal = SmtpReply.Of(554, "5.5.1 No valid recipients");
        }
        else if (await Ask(() => policy.OnData(peer, sender, stop)) is { IsPositive: false } busy)
        {
            refusal = busy;
        }

        if (refusal is not null)
        {
            // Whoever sent content without waiting would have it read as commands.
            closing |= sender is not null && io.HasBuffered;
            Error(refusal);
            return;
        }

        Say(new SmtpReply(354, Enhanced: null, "End with <CRLF>.<CRLF>"));
        using var content = new ContentBuffer(options.MaxMessage, options.Budget);
        var received = await new ContentReader(io, options).Read(content);
        if (received is { Breaks: true })
        {
            closing = true;
            if (received.Reply is not null)
            {
                await Abort(received.Reply.Code, received.Reply.Text);
            }

            return;
        }

        var message = new SmtpMessage(sender!, [.. recipients], content.Content());
        var verdict = received.Reply ?? await Ask(async () => await policy.OnMessage(peer, message, stop));
        Reset(); // RFC 5321 §4.1.1.4: the buffers are cleared whatever the verdict
        Say(verdict ?? SmtpReply.Of(451, "4.3.0 No verdict"));
    }

    // Who has not said who he is holds a socket of ours on credit: all his commands together have one time.
    private TimeSpan Patience()
    {
        if (!options.RequireAuth || peer.Identity is not null)
        {
            return options.CommandTimeout;
        }

        var left = options.LoginWithin - Stopwatch.GetElapsedTime(begun);
        return left <= TimeSpan.Zero ? TimeSpan.Zero
            : left < options.CommandTimeout ? left
            : options.CommandTimeout;
    }

    private void Reset()
    {
        sender = null;
        recipients.Clear();
    }

    // The one place where a policy's fault is caught: our own trouble is temporary, and nothing of it is told.
    private async ValueTask<SmtpReply?> Ask(Func<ValueTask<SmtpReply?>> hook)
    {
        try
        {
            return await hook();
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            policy.OnFault(peer, fault);
            return SmtpReply.Of(451, "4.3.0 Try again later");
        }
    }

    private ValueTask Abort(LineKind kind) =>
        kind switch
        {
            LineKind.TooLong => Abort(500, "5.5.2 Line too long"),
            LineKind.NotText => Abort(500, "5.5.2 Not UTF-8"),
            _ => Abort(500, "5.5.2 A line must end with CRLF"),
        };

    // Said once; what follows is read, not heard, so that a reset does not destroy our words on their way.
    private async ValueTask Abort(int code, string text)
    {
        Say(code, text);
        closing = true;
        await io.Flush();
        isSaid = true;
        await io.Drain(options.Linger);
    }

    private void Close(string text)
    {
        Say(421, text);
        closing = true;
    }

    private void Error(int code, string text) => Error(SmtpReply.Of(code, text));

    private void Error(SmtpReply reply)
    {
        // What is our own trouble, and temporary, is not counted against the peer.
        if (reply.IsPermanent && ++errors > options.MaxErrors)
        {
            Close("4.7.0 Too many errors");
            return;
        }

        Say(reply);
    }

    private void Say(int code, string text) => Say(SmtpReply.Of(code, text));

    private void Say(SmtpReply reply, bool plain = false)
    {
        io.Write(reply, plain);
        closing |= reply.Code == 421;
    }
}
