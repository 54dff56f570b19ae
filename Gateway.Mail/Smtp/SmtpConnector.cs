using System.Net.Security;
using System.Text;

namespace Gateway.Mail.Smtp;

/// <summary>Opens a session: connect, TLS, greeting, EHLO, STARTTLS, AUTH. Nothing of a message is sent before it is done.</summary>
internal static class SmtpConnector
{
    public static async Task<(SmtpWire Wire, SmtpExtensions Extensions)> Open(
        SmtpClientOptions options,
        CancellationToken cancel
    )
    {
        var stream = await SmtpDialer.Connect(options, cancel);
        var wire = new SmtpWire(options, stream);
        try
        {
            using var exchange = wire.Begin(cancel);
            if (options.Tls == SmtpTls.Implicit)
            {
                wire.Switch(await SmtpDialer.Secure(options, wire.Detach(), cancel));
            }

            await Expect(wire, SmtpPhase.Greeting, 220);
            var offered = await Hello(options, wire);
            offered = await StartTls(options, wire, offered, cancel);
            await Authenticate(options, wire, offered);
            return (wire, offered);
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    private static async Task<SmtpExtensions> Hello(SmtpClientOptions options, SmtpWire wire)
    {
        var reply = await Ask(wire, SmtpPhase.Hello, "EHLO ", options.HelloName);
        if (reply.Code == 250)
        {
            return SmtpExtensions.Parse(reply);
        }

        // RFC 5321 §3.2: a server that does not know EHLO gets HELO; it can then offer neither TLS nor AUTH.
        if (reply.Code is not (500 or 502) || wire.Broken)
        {
            throw SmtpFailure.Refused(SmtpPhase.Hello, reply);
        }

        wire.Write("HELO ");
        wire.Write(options.HelloName);
        wire.Write("\r\n"u8);
        await wire.Flush(SmtpPhase.Hello);
        await Expect(wire, SmtpPhase.Hello, 250);
        return SmtpExtensions.None;
    }

    private static async Task<SmtpExtensions> StartTls(
        SmtpClientOptions options,
        SmtpWire wire,
        SmtpExtensions offered,
        CancellationToken cancel
    )
    {
        if (options.Tls is SmtpTls.None or SmtpTls.Implicit)
        {
            return offered;
        }

        if (!offered.StartTls)
        {
            return options.Tls == SmtpTls.StartTlsIfOffered
                ? offered
                : throw wire.Break(SmtpPhase.StartTls, SmtpFailureKind.TlsRequired, "STARTTLS is not offered", null);
        }

        var reply = await Ask(wire, SmtpPhase.StartTls, "STARTTLS");
        if (reply.Code != 220)
        {
            throw SmtpFailure.Refused(SmtpPhase.StartTls, reply);
        }

        // Whoever is in between may append replies in clear to this 220, to be read as the secured server's own.
        if (wire.HasUnread)
        {
            throw wire.Break(SmtpPhase.StartTls, SmtpFailureKind.Protocol, "bytes in clear after STARTTLS", null);
        }

        wire.Switch(await SmtpDialer.Secure(options, wire.Detach(), cancel));
        // RFC 3207 §4.2: all that was learned before is discarded.
        return await Hello(options, wire);
    }

    private static async Task Authenticate(SmtpClientOptions options, SmtpWire wire, SmtpExtensions offered)
    {
        if (options.Credentials is not { } login)
        {
            return;
        }

        if (wire.Detach() is not SslStream && !options.AllowPlaintextAuth)
        {
            throw wire.Break(SmtpPhase.Auth, SmtpFailureKind.TlsRequired, "no password without TLS", null);
        }

        SmtpReply reply;
        if (offered.Auth.Contains("PLAIN"))
        {
            // RFC 4954 §4 initial response; RFC 4616 §2: authzid NUL authcid NUL passwd.
            reply = await Ask(wire, SmtpPhase.Auth, "AUTH PLAIN ", Base64Of($"\0{login.User}\0{login.Secret}"));
        }
        else if (offered.Auth.Contains("LOGIN"))
        {
            reply = await Ask(wire, SmtpPhase.Auth, "AUTH LOGIN");
            reply = reply.Code == 334 ? await Ask(wire, SmtpPhase.Auth, Base64Of(login.User)) : reply;
            reply = reply.Code == 334 ? await Ask(wire, SmtpPhase.Auth, Base64Of(login.Secret)) : reply;
        }
        else
        {
            throw wire.Break(
                SmtpPhase.Auth,
                SmtpFailureKind.Capability,
                "neither AUTH PLAIN nor LOGIN is offered",
                null
            );
        }

        if (reply.Code != 235)
        {
            throw SmtpFailure.Refused(SmtpPhase.Auth, reply);
        }
    }

    private static string Base64Of(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async ValueTask<SmtpReply> Ask(SmtpWire wire, SmtpPhase phase, string verb, string argument = "")
    {
        wire.Write(verb);
        wire.Write(argument);
        wire.Write("\r\n"u8);
        await wire.Flush(phase);
        return await wire.Read(phase);
    }

    private static async ValueTask Expect(SmtpWire wire, SmtpPhase phase, int code)
    {
        var reply = await wire.Read(phase);
        if (reply.Code != code)
        {
            throw SmtpFailure.Refused(phase, reply);
        }
    }
}
