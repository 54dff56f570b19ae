using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;
using SystemTests.Installed;

namespace SystemTests.Flood;

/// <param name="Answer">An HTTP status, or an SMTP code; 0 where none came.</param>
internal sealed record ValidAnswer(string Door, int Answer, TimeSpan Took);

/// <summary>A customer in the middle of a flood: messages with a good key at a steady rate by HTTP, and some by SMTP.</summary>
internal sealed class ValidMail(HostSlot api, IPEndPoint smtp, InstalledTenant tenant)
{
    private readonly HttpClient client = Installation.Client(api, tenant);
    private readonly ConcurrentQueue<ValidAnswer> answers = new();

    public async Task<IReadOnlyList<ValidAnswer>> SendAsync(int perSecond, TimeSpan length)
    {
        var asked = new List<Task> { Task.Run(() => SessionsAsync(length)) };
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < length)
        {
            while (asked.Count - 1 < watch.Elapsed.TotalSeconds * perSecond)
            {
                asked.Add(PostAsync());
            }

            await Task.Delay(5);
        }

        await Task.WhenAll(asked);
        var taken = answers.ToArray();
        answers.Clear();
        return taken;
    }

    private async Task PostAsync()
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var message = new
            {
                from = tenant.Address,
                to = new[] { "ann@example.net" },
                subject = "x",
                text = "x",
            };
            using var answer = await client.PostAsJsonAsync("/v1/messages", message);
            answers.Enqueue(new("http", (int)answer.StatusCode, watch.Elapsed));
        }
        catch (HttpRequestException)
        {
            answers.Enqueue(new("http", 0, watch.Elapsed));
        }
    }

    /// <summary>A new session each 200 ms: the login is what a flood of logins would delay.</summary>
    private async Task SessionsAsync(TimeSpan length)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < length)
        {
            var begun = watch.Elapsed;
            var code = await SessionAsync();
            answers.Enqueue(new("smtp", code, watch.Elapsed - begun));
            await Task.Delay(200);
        }
    }

    private async Task<int> SessionAsync()
    {
        try
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(smtp);
            await using var talk = new SmtpTalk(new NetworkStream(socket, ownsSocket: true));
            var reply = await talk.Hear();
            var login = Convert.ToBase64String(Encoding.ASCII.GetBytes($"\0apikey\0{tenant.Key.Text}"));
            string[] commands =
            [
                "EHLO customer.example",
                "STARTTLS",
                "EHLO customer.example",
                $"AUTH PLAIN {login}",
                $"MAIL FROM:<{tenant.Address}>",
                "RCPT TO:<ann@example.net>",
                "DATA",
                $"From: {tenant.Address}\r\nSubject: x\r\n\r\nx\r\n.",
            ];
            foreach (var command in commands)
            {
                if (reply is not ['2' or '3', ..])
                {
                    break;
                }

                reply = await talk.Ask(command);
                if (command == "STARTTLS" && reply is ['2', ..])
                {
                    await talk.Secure();
                }
            }

            return reply is null ? 0 : int.Parse(reply[..3], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception end) when (end is IOException or SocketException or OperationCanceledException)
        {
            return 0;
        }
    }
}
