using System.Text;
using Gateway.Mail.Bounces;
using Gateway.Mail.Messages;
using Gateway.ReturnMail;
using Gateway.Tests.Cluster;
using Gateway.Tests.Peers;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Unsubscribe;

/// <summary>What the next hop really gets from a running gateway: the envelope's sender and the fields for leaving.</summary>
public sealed class RunningOfferTests(TestCluster cluster)
{
    [Fact]
    public async Task Broadcast_mail_leaves_with_a_link_of_its_recipients_own_and_bounces_come_to_us()
    {
        MailRecorder.Require();
        await using var recorder = await MailRecorder.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(
            cluster,
            settings: new Dictionary<string, string?>
            {
                ["Gateway__PublicUrl"] = "https://mail.example",
                ["Gateway__BounceDomain"] = "Bounces.Example",
                ["Gateway__Paths__relay__Provider"] = "smtp",
                ["Gateway__Paths__relay__Host"] = "127.0.0.1",
                ["Gateway__Paths__relay__Port"] = $"{recorder.Port}",
                ["Gateway__Paths__relay__Tls"] = "None",
                ["Gateway__Route__0"] = "relay",
            }
        );
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        string[] to = ["ann@example.net", "bob@example.net"];
        foreach (
            var body in (object[])
                [
                    new
                    {
                        from = tenant.Address,
                        to,
                        subject = "news",
                        text = "hello",
                        stream = "broadcast",
                    },
                    Asking.Mail(tenant.Address, "transactional", "quiet@example.net"),
                    new
                    {
                        from = tenant.Address,
                        to = new[] { "own@example.net" },
                        subject = "news",
                        text = "hello",
                        stream = "broadcast",
                        headers = new Dictionary<string, string>
                        {
                            ["List-Unsubscribe"] = "<https://own.example/leave>",
                        },
                    },
                ]
        )
        {
            await client.PostJsonAsync("/v1/messages", body).Expect(202);
        }

        string[] all = [.. to, "quiet@example.net", "own@example.net"];
        await Eventually.TrueAsync(
            () => Task.FromResult(all.All(r => recorder.For(r).Count == 1)),
            "every mail at the next hop"
        );
        var addresses = new ReturnAddresses(TestKeys.Ring, "bounces.example");
        var links = new UnsubscribeLinks(TestKeys.Ring);
        foreach (var recipient in all)
        {
            var mail = recorder.For(recipient)[0];
            var at = mail.MailFrom.LastIndexOf('@');
            var target = addresses.Read(mail.MailFrom.AsSpan(0, at), mail.MailFrom.AsSpan(at + 1));
            Assert.Equal((ReturnKind.Bounce, 1), (target!.Value.Kind, target.Value.Attempt));
            Assert.Equal(
                recipient,
                await gateway.Ledger.ScalarAsync<string>(
                    "SELECT recipient FROM deliveries WHERE delivery_id = @DeliveryId",
                    new { target.Value.DeliveryId }
                )
            );
            var field = MimeMessage.Parse(mail.Bytes).Headers.First("List-Unsubscribe")?.Value;
            if (!to.Contains(recipient))
            {
                Assert.Equal(
                    recipient.StartsWith("own", StringComparison.Ordinal) ? "<https://own.example/leave>" : null,
                    field
                );
                continue;
            }

            var token = field!.Split(',')[0]["<https://mail.example/u/".Length..^1];
            Assert.Equal(
                new UnsubscribeTarget(tenant.Id, target.Value.DeliveryId, "broadcast", recipient),
                links.Read(token)
            );
        }

        Assert.Equal(VerpAddresses.Length, recorder.For(all[0])[0].MailFrom.IndexOf('@', StringComparison.Ordinal));
        Assert.DoesNotContain(
            "quiet@example.net",
            Encoding.ASCII.GetString(recorder.For(to[0])[0].Bytes),
            StringComparison.Ordinal
        );
    }
}
