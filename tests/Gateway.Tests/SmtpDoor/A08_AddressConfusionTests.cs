using Gateway.Mail.Addresses;
using Gateway.Tests.Doors;
using Gateway.Tests.Running;

namespace Gateway.Tests.SmtpDoor;

/// <summary>A8 through the running door: one reading of an address, from RCPT TO to the next hop's RCPT TO.</summary>
[Collection(DoorCollection.Name)]
public sealed class A08_AddressConfusionTests(DoorGateway gateway)
{
    [Fact]
    public async Task The_domain_that_was_judged_is_the_domain_it_goes_to()
    {
        var recorder = gateway.Recorder;
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var own = $"{Guid.NewGuid():N}"[..8];
        string[] tricky =
        [
            $"\"a@evil.example\"@{own}.example",
            $"\"a>,<b@evil.example\"@{own}.example",
            $"\"a\\\"b\"@{own}.example",
            $"\"a b\"@{own}.example",
            $"a+b=evil.example@{own}.example",
            $"a%evil.example@{own}.example",
            $"evil.example!a@{own}.example",
            $"A@{own.ToUpperInvariant()}.EXAMPLE",
            $"a@{own}.example.",
            $"a@ﬁ{own}.example",
            $"a@{own}。example",
            $"a@xn--bcher-kva.{own}.example",
            $"a@bücher.{own}.example",
            $"a@evil.example\\@{own}.example",
            $"<a@evil.example>@{own}.example",
            $"a@{own}.example,b@evil.example",
            $"a@{own}.example;b@evil.example",
            $"a@{own}.example (evil)",
            $"\"\"@{own}.example",
            $"=?utf-8?q?a=40evil.example=3e?=@{own}.example",
        ];
        await using var talk = await DoorTalk.LoggedInAsync(gateway.Gateway.SmtpPort(), tenant);
        var accepted = 0;
        foreach (var address in tricky)
        {
            await talk.Ask("RSET");
            await talk.Ask($"MAIL FROM:<b@{tenant.Domain}> SMTPUTF8");
            var reply = await talk.Ask($"RCPT TO:<{address}>");
            Assert.True(reply is ['2' or '5', ..], $"{address}: {reply}");
            if (reply[0] == '5')
            {
                continue;
            }

            accepted++;
            await talk.Ask("DATA");
            await talk.Send("From: hello@"u8.ToArray());
            await talk.Send(System.Text.Encoding.UTF8.GetBytes($"{tenant.Domain}\r\nSubject: x\r\n\r\nx\r\n.\r\n"));
            var id = DoorTalk.IdIn((await talk.Hear())!);
            var stored = await gateway.Ledger.QueryAsync<string>(
                "SELECT recipient FROM deliveries WHERE message_id = @id",
                new { id }
            );
            Assert.True(EmailAddress.TryParse(address, out var judged, out _), address);
            Assert.Equal(judged.ToString(), Assert.Single(stored));
            Assert.EndsWith($"{own}.example", judged.Domain, StringComparison.Ordinal);
            await Eventually.TrueAsync(
                () => Task.FromResult(recorder.For(stored[0]).Count > 0),
                "the mail at the next hop"
            );
            Assert.All(recorder.For(stored[0]), m => Assert.Equal(stored[0], Assert.Single(m.Recipients)));
        }

        Assert.InRange(accepted, 8, tricky.Length - 4);
    }
}
