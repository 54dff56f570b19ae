using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Mail.Smtp;

namespace Gateway.Benchmarks;

/// <summary>One connection to Postfix' smtp-sink on this machine, with and without the next envelope sent ahead.</summary>
internal static class SmtpBenchmarks
{
    private const int Messages = 1_000;
    private const int Rounds = 7;

    public static async Task RunAsync()
    {
        var program = Array.Find(["/usr/sbin/smtp-sink", "/usr/libexec/postfix/smtp-sink"], File.Exists);
        if (program is null)
        {
            Console.WriteLine("smtp-sink is absent: apt-get install postfix");
            return;
        }

        var port = FreePort();
        using var sink = Process.Start(program, ["-u", Environment.UserName, $"127.0.0.1:{port}", "100"]);
        try
        {
            var options = new SmtpClientOptions
            {
                Host = "127.0.0.1",
                Port = port,
                Tls = SmtpTls.None,
                HelloName = "bench.example",
            };
            await using var client = await ConnectAsync(options);
            foreach (var mail in SampleMail.All)
            {
                await CompareAsync(client, mail);
            }

            await client.QuitAsync();
        }
        finally
        {
            sink.Kill();
        }
    }

    private static async Task CompareAsync(SmtpConnection client, SampleMail mail)
    {
        var submissions = Enumerable.Range(0, Messages).Select(_ => Submission(mail)).ToArray();
        var (alone, announced) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            var one = await PerSecondAsync(async () =>
            {
                foreach (var submission in submissions)
                {
                    Accepted(await client.SendAsync(submission, next: null));
                }
            });
            var ahead = await PerSecondAsync(async () => Accepted([.. await client.SendManyAsync(submissions)]));
            if (round >= 0) // the first one warms up
            {
                alone.Add(one);
                announced.Add(ahead);
            }
        }

        Show($"{mail.Size}, each on its own", alone);
        Show($"{mail.Size}, the next announced", announced);
    }

    private static async Task<double> PerSecondAsync(Func<Task> send)
    {
        var start = Stopwatch.GetTimestamp();
        await send();
        return Messages / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Show(string name, List<double> perSecond)
    {
        perSecond.Sort();
        Console.WriteLine(
            $"{name, -32} {perSecond[perSecond.Count / 2], 8:N0} messages/s (min {perSecond[0]:N0}, max {perSecond[^1]:N0})"
        );
    }

    private static void Accepted(params SmtpTransaction[] sent)
    {
        if (Array.Find(sent, s => !s.Accepted) is { } refused)
        {
            throw new InvalidOperationException(refused.Detail);
        }
    }

    private static SmtpSubmission Submission(SampleMail mail)
    {
        var envelope = new SmtpEnvelope(Path("b@bounces.shop.example"), Path("joerg@customer.example"))
        {
            Size = mail.Bytes.Length,
        };
        return new SmtpSubmission(envelope, new ReadOnlySequence<byte>(mail.Bytes));
    }

    private static SmtpPath Path(string text) =>
        SmtpPath.TryCreate(text, out var path) ? path : throw new FormatException(text);

    private static async Task<SmtpConnection> ConnectAsync(SmtpClientOptions options)
    {
        for (var left = 50; ; left--)
        {
            try
            {
                return await SmtpConnection.ConnectAsync(options);
            }
            catch (SmtpFailure) when (left > 0)
            {
                await Task.Delay(100); // it has only just been started
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
