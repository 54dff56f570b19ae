using System.Globalization;
using System.Text.Json;
using Gateway.Mail;
using Gateway.Mail.Tests;
using Gateway.Providers.Events;
using Gateway.Providers.Mailgun;
using Gateway.Tests.AppHost;

namespace Gateway.Tests.Inbound;

/// <summary>What is read of each provider's requests: a case is a pair of files.</summary>
public sealed class EventReadingTests
{
    private static readonly Guid Ours = Guid.Parse(
        "0197a5c0-0000-7000-8000-00000000a001",
        CultureInfo.InvariantCulture
    );

    private static string Folder => Path.Combine(RepositoryRoot.Path, "tests", "Corpus", "provider-events");

    public static TheoryData<string> Cases() =>
        [
            .. Directory
                .EnumerateFiles(Folder, "*.json", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(f => Path.GetRelativePath(Folder, f)),
        ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_request_is_read_as_stated(string file)
    {
        var reading = Read(file.Split(Path.DirectorySeparatorChar)[0], File.ReadAllBytes(Path.Combine(Folder, file)));
        var expected = File.ReadAllLines(Path.Combine(Folder, Path.ChangeExtension(file, ".expected")));
        Assert.Equal(expected.Where(l => l.Length > 0), Lines(reading));
        Assert.All(reading.Events, e => Assert.NotEqual("", e.Name));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void No_truncation_and_no_changed_byte_makes_a_reader_throw(string file)
    {
        var kind = file.Split(Path.DirectorySeparatorChar)[0];
        var body = File.ReadAllBytes(Path.Combine(Folder, file));
        for (var i = 0; i < body.Length; i += 1 + (body.Length / 150))
        {
            Read(kind, body[..i]);
            var changed = (byte[])body.Clone();
            changed[i] ^= 0x5A;
            Read(kind, changed);
        }
    }

    [Fact]
    public void A_copy_of_an_event_has_its_name_and_another_event_has_not()
    {
        foreach (var kind in Directory.GetDirectories(Folder).Select(d => Path.GetFileName(d)!))
        {
            var events = Directory
                .GetFiles(Path.Combine(Folder, kind), "*.json")
                .Select(f => (File: f, Read(kind, File.ReadAllBytes(f)).Events))
                .ToArray();
            foreach (var (file, read) in events)
            {
                Assert.Equal(read.Select(e => e.Name), Read(kind, File.ReadAllBytes(file)).Events.Select(e => e.Name));
                Assert.Equal(read.Count, read.Select(e => e.Name).Distinct().Count());
            }
        }
    }

    [Fact]
    public void SendGrids_own_samples_are_read()
    {
        var reading = Read(
            "sendgrid",
            File.ReadAllBytes(Corpora.Path("esp-webhooks", "sendgrid-events.json")).AsSpan(3).ToArray()
        );
        Assert.Null(reading.Problem);
        Assert.Equal(
            "Processed Deferred Delivered Opened Clicked Failed Failed Complained Unsubscribed Unsubscribed",
            string.Join(' ', reading.Events.Select(e => e.News))
        );
        Assert.Equal(1, reading.Ignored);
    }

    [Fact]
    public void Mailguns_documented_events_are_read()
    {
        var samples = JsonDocument.Parse(
            File.ReadAllBytes(Corpora.Path("esp-webhooks", "mailgun-docs-events.json"))
                .AsSpan()
                .TrimStart("\uFEFF"u8)
                .ToArray()
        );
        var events = samples
            .RootElement.EnumerateArray()
            .SelectMany(s => s.TryGetProperty("items", out var items) ? items.EnumerateArray().ToArray() : new[] { s })
            .Where(s =>
                s.ValueKind == JsonValueKind.Object
                && s.TryGetProperty("event", out _)
                && s.TryGetProperty("timestamp", out _)
            )
            .Select(MailgunEvent.Read)
            .ToArray();
        Assert.True(events.Length >= 6, $"only {events.Length} samples");
        Assert.All(events, e => Assert.Null(e.Problem));
        Assert.Contains(events.SelectMany(e => e.Events), e => e.Facts.GetValueOrDefault("provider_list") == "bounce");
    }

    private static EventReading Read(string kind, byte[] body) =>
        TestFormats.All.Find(kind)!.Read(new EventRequest(body, new Dictionary<string, string>()));

    private static IEnumerable<string> Lines(EventReading reading)
    {
        foreach (var read in reading.Events)
        {
            var line = read.News.ToString();
            if (read.News is not (ProviderNews.Account or ProviderNews.Confirmation))
            {
                line +=
                    read.DeliveryId == Ours
                        ? $" ours {read.Attempt?.ToString(CultureInfo.InvariantCulture) ?? "?"}"
                        : " foreign";
            }
            else
            {
                line += $" reply={read.Reply}";
            }

            if (read.News == ProviderNews.Failed)
            {
                line += $" {read.Outcome} {read.Class}";
                Assert.NotEqual(Outcome.Accepted, read.Outcome);
            }

            line += read.Status is { } status ? $" status={status}" : "";
            foreach (var (name, shown) in new[] { ("provider_list", "list"), ("url", "url"), ("machine", "machine") })
            {
                line += read.Facts.TryGetValue(name, out var value) ? $" {shown}={value}" : "";
            }

            yield return line;
        }

        if (reading.Ignored > 0)
        {
            yield return $"ignored {reading.Ignored}";
        }

        if (reading.Problem is not null)
        {
            yield return "problem";
        }
    }
}
