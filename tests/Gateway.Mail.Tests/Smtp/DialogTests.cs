using System.Text;
using System.Text.RegularExpressions;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp;

/// <summary>
/// Plays tests/Dialogs/*.smtp against our server session. <c>c -></c> says a line; <c>c =></c> sends text with escapes
/// and adds nothing; <c>c &lt;~</c> wants a reply that begins so; <c>c &lt;-</c> wants it exactly; <c>c tls</c> shakes
/// hands; <c>c &lt;| closed</c> wants the end; <c>= n messages</c> counts what was stored; <c>! secured</c> picks options.
/// </summary>
public sealed class DialogTests
{
    public static TheoryData<string> Files() =>
        [
            .. Directory
                .EnumerateFiles(Repository.Path("tests", "Dialogs"), "*.smtp")
                .Select(f => Path.GetFileName(f)!)
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task The_session_keeps_to_the_script(string file)
    {
        var lines = await File.ReadAllLinesAsync(Repository.Path("tests", "Dialogs", file));
        var options = lines.Contains("! secured") ? SessionHost.Secured : SessionHost.Open;
        options = lines.Contains("! small")
            ? options with
            {
                MaxMessage = 100,
                MaxRecipients = 2,
                MaxErrors = 3,
            }
            : options;
        options = lines.Contains("! login") ? options with { RequireAuth = true } : options;
        options = lines.Contains("! hurry")
            ? options with
            {
                CommandTimeout = TimeSpan.FromMilliseconds(200),
            }
            : options;
        await using var host = new SessionHost(options);
        await using var talk = await host.Talk();
        foreach (var (number, line) in lines.Index())
        {
            await Play(host, talk, line, $"{file}:{number + 1}: {line}");
        }
    }

    private static async Task Play(SessionHost host, SmtpTalk talk, string line, string where)
    {
        if (line.StartsWith("c -> ", StringComparison.Ordinal))
        {
            await talk.Say(line[5..]);
        }
        else if (line.StartsWith("c => ", StringComparison.Ordinal))
        {
            await talk.Send(Encoding.Latin1.GetBytes(Regex.Unescape(line[5..])));
        }
        else if (line.StartsWith("c <~ ", StringComparison.Ordinal))
        {
            var reply = await talk.Hear();
            Assert.True(reply?.StartsWith(line[5..], StringComparison.Ordinal), $"{where}\nheard: {reply}");
        }
        else if (line.StartsWith("c <- ", StringComparison.Ordinal))
        {
            Assert.Equal(line[5..].Replace("\\n", "\n", StringComparison.Ordinal), await talk.Hear());
        }
        else if (line == "c tls")
        {
            await talk.Secure();
        }
        else if (line == "c <| closed")
        {
            var more = await talk.HearAll();
            Assert.True(more.Count == 0, $"{where}\nheard: {string.Join('|', more)}");
        }
        else if (line.StartsWith("= ", StringComparison.Ordinal))
        {
            Assert.Equal(line[2..], $"{host.Record.Messages.Count} messages");
        }
        else
        {
            Assert.True(line.Length == 0 || line[0] is '#' or '!', where);
        }
    }
}
