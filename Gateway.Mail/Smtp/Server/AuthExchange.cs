using System.Text;

namespace Gateway.Mail.Smtp.Server;

/// <summary>
/// AUTH PLAIN (RFC 4616) and AUTH LOGIN: from the command's argument to a login, or the reply that says why not.
/// Neither, when the loop has to look at the same bytes itself.
/// </summary>
internal sealed class AuthExchange(SmtpServerIo io, Func<TimeSpan> timeout)
{
    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );
    private static readonly SmtpReply Malformed = SmtpReply.Of(501, "5.5.2 Not what this mechanism says");

    public async ValueTask<(SmtpLogin? Login, SmtpReply? Problem)> Run(string argument)
    {
        var words = argument.Split(' ');
        if (words.Length > 2 || words[0].Length == 0)
        {
            return (null, SmtpReply.Of(501, "5.5.4 Mechanism needed"));
        }

        // RFC 4954 §4: "=" is an initial response of no bytes.
        var initial = words.Length == 2 ? words[1] : null;
        return words[0].ToUpperInvariant() switch
        {
            "PLAIN" => Plain(await Take(initial, "")),
            "LOGIN" => await Login(initial),
            _ => (null, SmtpReply.Of(504, "5.5.4 Mechanism not supported")),
        };
    }

    private static (SmtpLogin?, SmtpReply?) Plain((string? Text, SmtpReply? Problem) answer)
    {
        if (answer.Text is null)
        {
            return (null, answer.Problem);
        }

        var parts = answer.Text.Split('\0');
        // RFC 4616 §2 asks for a user name; where the password says all, clients leave it empty, and the policy decides.
        return parts.Length == 3 ? (new SmtpLogin(parts[0], parts[1], parts[2]), null) : (null, Malformed);
    }

    private async ValueTask<(SmtpLogin?, SmtpReply?)> Login(string? initial)
    {
        var user = await Take(initial, "VXNlcm5hbWU6"); // Username:
        if (user.Text is null)
        {
            return (null, user.Problem);
        }

        var secret = await Take(answer: null, "UGFzc3dvcmQ6"); // Password:
        if (secret.Text is null)
        {
            return (null, secret.Problem);
        }

        var legal = !user.Text.Contains('\0') && !secret.Text.Contains('\0');
        return legal ? (new SmtpLogin("", user.Text, secret.Text), null) : (null, Malformed);
    }

    private async ValueTask<(string? Text, SmtpReply? Problem)> Take(string? answer, string challenge)
    {
        if (answer is null)
        {
            io.Write(new SmtpReply(334, Enhanced: null, challenge));
            var (kind, line) = await io.ReadLine(timeout());
            if (kind != LineKind.Line)
            {
                // What is no line ends the session, in the loop that meets the same bytes, or the same end, again.
                return (null, kind == LineKind.NotText ? Malformed : null);
            }

            answer = line;
        }

        if (answer == "*")
        {
            return (null, SmtpReply.Of(501, "5.7.0 Authentication cancelled")); // RFC 4954 §4
        }

        try
        {
            return (Strict.GetString(Convert.FromBase64String(answer == "=" ? "" : answer)), null);
        }
        catch (Exception wrong) when (wrong is FormatException or DecoderFallbackException)
        {
            return (null, Malformed);
        }
    }
}
