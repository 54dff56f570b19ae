using System.Collections.Concurrent;
using System.Text.Json;
using AppHost.Embedded.Processes;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Peers;

/// <summary>A message as the next hop received it: its envelope, and the bytes after DATA with the dots unstuffed.</summary>
internal sealed record RecordedMail(string MailFrom, IReadOnlyList<string> Recipients, byte[] Bytes);

/// <summary>The next hop of the tests: Debian's aiosmtpd, which keeps what it was given.</summary>
internal sealed class MailRecorder : IAsyncDisposable
{
    private const string Interpreter = "/usr/bin/python3";
    private const string Package = "/usr/lib/python3/dist-packages/aiosmtpd";
    private const string Absent = $"{Package} absent: apt-get install python3-aiosmtpd";
    private readonly TestFolder folder;
    private readonly ConcurrentQueue<string> other = [];
    private readonly TaskCompletionSource<int> port = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<RecordedMail>> byRecipient = new(
        StringComparer.Ordinal
    );
    private ChildProcess? process;

    private MailRecorder(TestFolder folder) => this.folder = folder;

    public static bool IsInstalled => File.Exists(Interpreter) && Directory.Exists(Package);

    public int Port => port.Task.Result;

    /// <summary>Skips the test where the peer is absent; in CI that is a failure.</summary>
    public static void Require()
    {
        Assert.SkipUnless(IsInstalled || Environment.GetEnvironmentVariable("CI") == "true", Absent);
        Assert.True(IsInstalled, Absent);
    }

    public static async Task<MailRecorder> StartAsync()
    {
        var recorder = new MailRecorder(await TestFolder.CreateAsync());
        var path = recorder.folder.Path;
        var command = new ChildCommand("mail-recorder", Interpreter, ["-I", Script(), path])
        {
            WorkingFolder = path,
            Output = recorder.Read,
        };
        recorder.process = await ChildProcess.StartAsync(command, new RunFolder(Path.Combine(path, "run")));
        var ready = await Task.WhenAny(recorder.port.Task, recorder.process.Exited);
        return ready == recorder.port.Task
            ? recorder
            : throw new InvalidOperationException("the recorder ended: " + string.Join('\n', recorder.other));
    }

    /// <summary>What arrived for the recipient so far, in order.</summary>
    public IReadOnlyList<RecordedMail> For(string recipient) =>
        byRecipient.TryGetValue(recipient, out var mails) ? [.. mails] : [];

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        await folder.DisposeAsync();
    }

    private static string Script() =>
        Path.Combine(AppHost.RepositoryRoot.Path, "tests", "Gateway.Tests", "Peers", "record_mail.py");

    private void Read(string line)
    {
        if (!line.StartsWith('{'))
        {
            other.Enqueue(line);
            return;
        }

        using var json = JsonDocument.Parse(line);
        if (json.RootElement.TryGetProperty("port", out var number))
        {
            port.SetResult(number.GetInt32());
            return;
        }

        var file = json.RootElement.GetProperty("file").GetString()!;
        var recipients = json.RootElement.GetProperty("to").EnumerateArray().Select(r => r.GetString()!).ToArray();
        var mail = new RecordedMail(
            json.RootElement.GetProperty("from").GetString() ?? "",
            recipients,
            File.ReadAllBytes(file)
        );
        foreach (var recipient in recipients)
        {
            byRecipient.GetOrAdd(recipient, _ => []).Enqueue(mail);
        }
    }
}
