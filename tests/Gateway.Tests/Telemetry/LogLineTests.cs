using System.Text.Json;
using Gateway.Mail.Tests;
using Gateway.Tests.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Gateway.Tests.Telemetry;

/// <summary>Log injection: whatever a value holds, an event is one line.</summary>
public sealed class LogLineTests
{
    private static readonly string[] LineEnds =
    [
        "a\nb",
        "a\r\nb",
        "\n",
        "a\n\n2026-01-01 forged line",
        "a\u2028b\u0085c",
    ];

    [Theory]
    [InlineData("Production", ConsoleFormatterNames.Json)]
    [InlineData("Development", ConsoleFormatterNames.Simple)]
    public async Task An_event_is_one_line_whatever_it_says(string environment, string name)
    {
        await using var host = await ProbeHost.StartAsync(b => b.Environment.EnvironmentName = environment);
        var formatter = host.Get<IEnumerable<ConsoleFormatter>>().Single(f => f.Name == name);
        var naughty = JsonSerializer.Deserialize<string[]>(
            await File.ReadAllBytesAsync(
                Corpora.Path("attack-strings", "blns.json"),
                TestContext.Current.CancellationToken
            )
        )!;
        Assert.All(naughty.Concat(LineEnds), text => Assert.Single(Lines(formatter, text)));
    }

    private static string[] Lines(ConsoleFormatter formatter, string text)
    {
        using var output = new StringWriter();
        var state = new[] { new KeyValuePair<string, object?>("Said", text) };
        formatter.Write(
            new LogEntry<KeyValuePair<string, object?>[]>(
                LogLevel.Warning,
                "Test",
                new EventId(1),
                state,
                exception: new InvalidOperationException(text),
                (s, _) => $"it said {s[0].Value}"
            ),
            scopeProvider: null,
            output
        );
        var written = output.ToString();
        Assert.EndsWith("\n", written, StringComparison.Ordinal);
        return written[..^1].Split('\n');
    }
}
