using System.Text;
using Gateway.Mail.Tests.Smtp.Attacks;
using Gateway.Tests.Doors;

namespace Gateway.Tests.SmtpDoor;

/// <summary>A1 through the running door: in by TLS and a good key, and never a second message out of one.</summary>
[Collection(DoorCollection.Name)]
public sealed class A01_InboundSmugglingTests(DoorGateway gateway)
{
    private const string Smuggled = "MAIL FROM:<e@x.example>\r\nRCPT TO:<v@y.example>\r\nDATA\r\nx\r\n.\r\n";

    [Fact]
    public async Task No_fake_end_at_any_split_lets_a_second_message_in()
    {
        var (before, port) = (await gateway.RowsAsync(gateway.Tenant), gateway.Gateway.SmtpPort());
        var head = $"From: a@{gateway.Tenant.Domain}\r\n\r\nx";
        // Before the fake end only the last byte matters: splits begin there.
        var cases = FakeEnds
            .All.Select(end => $"{head}{end}{Smuggled}")
            .SelectMany(text => Enumerable.Range(head.Length, text.Length - head.Length).Select(split => (text, split)))
            .ToList();

        await Parallel.ForEachAsync(
            cases,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (c, _) =>
            {
                await using var talk = await DoorTalk.AtDataAsync(port, gateway.Tenant);
                var bytes = Encoding.Latin1.GetBytes(c.text);
                await talk.Send(bytes.AsMemory(0, c.split));
                await Task.Yield();
                try
                {
                    await talk.Send(bytes.AsMemory(c.split));
                    await talk.FinishSecured();
                }
                catch (IOException)
                {
                    // It was refused and closed before the rest.
                }

                var replies = await talk.HearAll();
                Assert.StartsWith("554 5.6.0", Assert.Single(replies), StringComparison.Ordinal);
            }
        );

        Assert.True(cases.Count > 16 * 60, $"{cases.Count} cases");
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }
}
