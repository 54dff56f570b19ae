using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;

namespace Gateway.Mail.Tests.Peers;

/// <summary>CPython's email package: an independent reader of what we compose.</summary>
internal static class PythonMail
{
    private const string Interpreter = "/usr/bin/python3";

    /// <summary>One answer a message, in order, from one process.</summary>
    public static Task<List<JsonElement>> Parse(IEnumerable<byte[]> messages) => Run("parse_mail.py", messages);

    /// <summary>What email.headerregistry sees in an address field of each value.</summary>
    public static Task<List<JsonElement>> ParseAddresses(IEnumerable<string> values) =>
        Run("parse_addresses.py", values.Select(System.Text.Encoding.UTF8.GetBytes));

    private static async Task<List<JsonElement>> Run(string script, IEnumerable<byte[]> inputs)
    {
        using var process = Start(script);
        var errors = process.StandardError.ReadToEndAsync();
        var writing = Task.Run(() => Write(inputs, process.StandardInput.BaseStream));
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

    private static Process Start(string script)
    {
        if (!File.Exists(Interpreter))
        {
            var message = $"{Interpreter} absent: apt-get install python3";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", message);
            Assert.Fail(message);
        }

        return Process.Start(
            new ProcessStartInfo(Interpreter, ["-I", Find(script)])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
    }

    private static void Write(IEnumerable<byte[]> inputs, Stream input)
    {
        Span<byte> length = stackalloc byte[4];
        using (input)
        {
            foreach (var text in inputs)
            {
                BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
                input.Write(length);
                input.Write(text);
            }
        }
    }

    private static string Find(string script)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var path = Path.Combine(at.FullName, "tests", "Gateway.Mail.Tests", "Peers", script);
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException($"{script} is not above the test's folder");
    }
}
