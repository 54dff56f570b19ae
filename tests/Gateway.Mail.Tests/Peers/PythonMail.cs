using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;

namespace Gateway.Mail.Tests.Peers;

/// <summary>CPython's email package: an independent reader of what we compose.</summary>
internal static class PythonMail
{
    private const string Interpreter = "/usr/bin/python3";

    /// <summary>One answer a message, in order, from one process.</summary>
    public static async Task<List<JsonElement>> Parse(IEnumerable<byte[]> messages)
    {
        using var process = Start();
        var errors = process.StandardError.ReadToEndAsync();
        var writing = Task.Run(() => Write(messages, process.StandardInput.BaseStream));
        var answers = new List<JsonElement>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            using var json = JsonDocument.Parse(line);
            answers.Add(json.RootElement.Clone());
        }

        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        await writing;
        return answers;
    }

    private static Process Start()
    {
        if (!File.Exists(Interpreter))
        {
            var message = $"{Interpreter} absent: apt-get install python3";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", message);
            Assert.Fail(message);
        }

        return Process.Start(
            new ProcessStartInfo(Interpreter, ["-I", Script()])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
    }

    private static void Write(IEnumerable<byte[]> messages, Stream input)
    {
        Span<byte> length = stackalloc byte[4];
        using (input)
        {
            foreach (var message in messages)
            {
                BinaryPrimitives.WriteInt32BigEndian(length, message.Length);
                input.Write(length);
                input.Write(message);
            }
        }
    }

    private static string Script()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var script = Path.Combine(at.FullName, "tests", "Gateway.Mail.Tests", "Peers", "parse_mail.py");
            if (File.Exists(script))
                return script;
        }

        throw new FileNotFoundException("parse_mail.py is not above the test's folder");
    }
}
