using System.Buffers;
using System.Text.Json;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>A14: published messages with published keys, one verdict a signature.</summary>
public sealed class VectorTests
{
    // Between the oldest and the youngest vector; those with x= in the past are verified a second before it.
    private static readonly DateTimeOffset Clock = new(2026, 8, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A14_every_published_signature_has_the_expected_verdict()
    {
        using var dns = JsonDocument.Parse(File.ReadAllText(Corpora.Path("dkim", "dns.json")));
        using var cases = JsonDocument.Parse(File.ReadAllText(Corpora.Path("dkim", "expected.json")));
        var wrong = new List<string>();
        var signatures = 0;
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            var file = item.GetProperty("file").GetString()!;
            var message = File.ReadAllBytes(Corpora.Path("dkim", file));
            var expected = Expected(item);
            var verdicts = await DkimVerifier.VerifyAsync(message, Lookup, ClockFor(message));
            signatures += expected.Length;
            if (verdicts.Count != expected.Length)
            {
                wrong.Add($"{file}: {verdicts.Count} verdicts for {expected.Length} signatures");
                continue;
            }

            wrong.AddRange(
                expected
                    .Zip(verdicts, (want, got) => (want, got))
                    .Where(pair => !IsAs(pair.want, pair.got))
                    .Select(pair => $"{file}: wanted {pair.want}, got {pair.got.Status} {pair.got.Reason}")
            );
        }

        Assert.Empty(wrong);
        Assert.True(signatures > 0);

        ValueTask<DkimKeyLookup> Lookup(string name, CancellationToken _) =>
            ValueTask.FromResult(
                dns.RootElement.TryGetProperty(name, out var record)
                    ? DkimKeyLookup.Found(record.GetString()!)
                    : DkimKeyLookup.None
            );
    }

    [Fact]
    public async Task A14_an_added_From_is_reported_as_not_covered()
    {
        using var dns = JsonDocument.Parse(File.ReadAllText(Corpora.Path("dkim", "dns.json")));
        var message = File.ReadAllBytes(Corpora.Path("dkim", "msg", "dkimverifier-dkim_added_header-from.eml"));
        var key = dns.RootElement.GetProperty("brisbane._domainkey.example.com").GetString()!;
        var verdicts = await DkimVerifier.VerifyAsync(
            message,
            (_, _) => ValueTask.FromResult(DkimKeyLookup.Found(key)),
            Clock
        );
        var verdict = Assert.Single(verdicts);
        Assert.Equal(DkimStatus.Pass, verdict.Status);
        Assert.Contains("From", verdict.UncoveredHeaders);
        Assert.False(verdict.CoversFromAndBody);
    }

    private static string[] Expected(JsonElement item) =>
        [.. item.GetProperty("oracle").EnumerateArray().Select(entry => entry.GetProperty("result").GetString()!)];

    private static bool IsAs(string want, DkimVerdict got) =>
        want switch
        {
            "no-key" => true, // the set has no key for it
            "body-hash-mismatch" => got is { Status: DkimStatus.Fail, Reason: "body hash did not verify" },
            "pass" => got.Status == DkimStatus.Pass,
            _ when want.StartsWith("x=", StringComparison.Ordinal) => got.Status == DkimStatus.Pass, // the clock is before
            _ => got.Status != DkimStatus.Pass,
        };

    private static DateTimeOffset ClockFor(byte[] message)
    {
        var section = HeaderSection.Split(new ReadOnlySequence<byte>(message));
        var earliest = DkimVerifier
            .SignatureIndices(section, 10)
            .Select(index => DkimVerifier.Read(section, index).ExpiresAt)
            .Append(Clock.ToUnixTimeSeconds())
            .Min();
        return DateTimeOffset.FromUnixTimeSeconds(earliest!.Value - 1);
    }
}
