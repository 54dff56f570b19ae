using System.Text;
using Gateway.Tests.Doors;
using Gateway.Tests.Running;

namespace Gateway.Tests.SmtpDoor;

/// <summary>A2, from door to door: what comes in by SMTP leaves with no line end of its own making, dots as they were.</summary>
[Collection(DoorCollection.Name)]
public sealed class A02_OutboundTests(DoorGateway gateway)
{
    [Fact]
    public async Task Dots_long_lines_and_eight_bits_arrive_as_they_came_in()
    {
        var recorder = gateway.Recorder;
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await using var talk = await DoorTalk.LoggedInAsync(gateway.Gateway.SmtpPort(), tenant);
        string[] bodies =
        [
            ".\r\n..\r\n...\r\n.x\r\n",
            new string('a', 998) + "\r\n." + new string('b', 997) + "\r\n",
            "Grüße ✉ 𝄞\r\n",
            "\r\n\r\n\r\n",
            string.Concat(Enumerable.Repeat(".\r\n", 3_000)),
            string.Concat(Enumerable.Range(4_080, 32).Select(n => new string('x', n % 97) + "\r\n.\r\n")),
        ];
        foreach (var body in bodies)
        {
            var to = $"a2-{Guid.NewGuid():N}@example.net";
            var mail =
                $"From: a@{tenant.Domain}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@{tenant.Domain}>\r\n\r\n{body}";
            await talk.Ask($"MAIL FROM:<b@{tenant.Domain}> BODY=8BITMIME");
            await talk.Ask($"RCPT TO:<{to}>");
            await talk.Ask("DATA");
            var stuffed = mail.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
            await talk.Send(Encoding.UTF8.GetBytes(stuffed + ".\r\n"));
            DoorTalk.IdIn((await talk.Hear())!);

            await Eventually.TrueAsync(() => Task.FromResult(recorder.For(to).Count == 1), "the mail at the next hop");
            var arrived = Encoding.UTF8.GetString(recorder.For(to)[0].Bytes);
            Assert.EndsWith(mail, arrived, StringComparison.Ordinal);
            Assert.Equal(-1, arrived.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().IndexOfAny('\r', '\n'));
        }
    }
}
