using Gateway.Mail.Dns;
using Gateway.Mail.Tests.Dns;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>A packet is read whole or refused; what an answer leads to is always an answer, after a bounded walk.</summary>
public sealed class DnsFuzz
{
    private static readonly byte[][] Tokens =
    [
        [0xC0, 12],
        [0xC0, 0],
        [0xFF, 0xFF],
        [0],
        [63, .. Enumerable.Repeat((byte)'a', 63)],
        [0x40],
        [0, 1, 0, 1],
        [0, 16, 0, 1],
        [0, 5, 0, 1],
        [0, 0, 41, 255, 255, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 60, 0, 4],
        [0x81, 0x80],
        DnsPackets.Alias("www.tenant.example", "www.tenant.example"),
        DnsPackets.Txt("www.tenant.example", "v=spf1 -all"),
        DnsPackets.Soa("example"),
    ];

    [Fact]
    [Trait("Fuzz", "dns")]
    public Task A_packet_is_read_or_refused_and_leads_to_an_answer() =>
        FuzzRun.OverAsync(
            [.. A16_PacketTests.Seeds(), .. KeptSeeds.Of("dns")],
            Tokens,
            input =>
            {
                if (!DnsMessage.TryDecode(input, out var message, out var refusal))
                {
                    Assert.InRange(refusal.Offset, 0, input.Length);
                    return;
                }

                foreach (var record in message.Answers.Concat(message.Authorities).Concat(message.Additionals))
                {
                    Assert.True(DnsName.TryParse(record.Name.ToString(), out var again), record.Name.ToString());
                    Assert.Equal(record.Name, again);
                    Assert.InRange(record.Ttl, TimeSpan.Zero, TimeSpan.FromSeconds(int.MaxValue));
                    _ = (record.Data as DnsData.Text)?.Joined;
                }

                foreach (var asked in message.Questions.Append(new(DnsName.Parse("www.tenant.example"), DnsType.Txt)))
                {
                    var (aliases, ttl) = (0, TimeSpan.MaxValue);
                    Assert.NotNull(AnswerWalk.Follow(message, asked, ref aliases, ref ttl));
                    Assert.InRange(aliases, 0, DnsLimits.Aliases + 1);
                }
            }
        );
}
