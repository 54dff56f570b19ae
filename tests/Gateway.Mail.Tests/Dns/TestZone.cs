using System.Collections.Concurrent;
using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

/// <summary>Records that a test publishes and takes back, served as a recursive server would.</summary>
internal sealed class TestZone
{
    private readonly ConcurrentDictionary<(string Name, DnsType Type), byte[][]> records = new();

    /// <summary>Names below which every question is answered with SERVFAIL.</summary>
    public ConcurrentDictionary<string, bool> Broken { get; } = new(StringComparer.Ordinal);

    public uint Ttl { get; init; } = 300;

    public void Txt(string name, params string[] texts) =>
        records[(name, DnsType.Txt)] = [.. texts.Select(t => DnsPackets.Txt(name, t, Ttl))];

    public void Alias(string name, string target) =>
        records[(name, DnsType.Cname)] = [DnsPackets.Alias(name, target, Ttl)];

    public void Remove(string name)
    {
        foreach (var key in records.Keys.Where(k => k.Name == name))
        {
            records.TryRemove(key, out _);
        }
    }

    public IEnumerable<byte[]> Answer(DnsAsk ask)
    {
        var name = ask.Name.ToLowerInvariant();
        if (Broken.Keys.Any(b => name == b || name.EndsWith("." + b, StringComparison.Ordinal)))
        {
            return [DnsPackets.Reply(ask, code: 2)];
        }

        var answers = new List<byte[]>();
        for (var hops = 0; hops < 20; hops++)
        {
            if (records.TryGetValue((name, ask.Type), out var found))
            {
                return Sized(ask, [.. answers, .. found]);
            }

            if (!records.TryGetValue((name, DnsType.Cname), out var alias))
            {
                break;
            }

            answers.AddRange(alias);
            DnsMessage.TryDecode(DnsPackets.Message(0, 0x8000, [], alias, [], []), out var read, out _);
            name = ((DnsData.Host)read!.Answers[0].Data).Name.ToString();
        }

        var exists = records.Keys.Any(k => k.Name == name);
        return Sized(ask, answers, exists ? 0 : 3, [DnsPackets.Soa("", Ttl, Ttl)]);
    }

    private static byte[][] Sized(DnsAsk ask, List<byte[]> answers, int code = 0, byte[][]? authorities = null)
    {
        var whole = DnsPackets.Reply(ask, answers, authorities, code: code);
        return ask.OverTcp || whole.Length <= 1_232
            ? [whole]
            : [DnsPackets.Reply(ask, flags: DnsPackets.Response | DnsPackets.Truncated)];
    }
}
