using System.Text;
using Gateway.Ledger;
using Gateway.Providers;
using Gateway.Providers.Sandbox;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Reading;

public sealed class SandboxTests(TestCluster cluster)
{
    private const string Mail = """
        From: =?utf-8?Q?Hector=22_=3C=3E=28_Gr=C3=BC=C3=9Fe?= <hello@demo.example>
        To: ann@example.com
        Subject: =?utf-8?B?w5xuw68=?=
         folded
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=outer

        --outer
        Content-Type: multipart/related; boundary=inner

        --inner
        Content-Type: multipart/alternative; boundary=body

        --body
        Content-Type: text/plain; charset=iso-8859-1
        Content-Transfer-Encoding: quoted-printable

        Sch=F6n
        --body
        Content-Type: text/html; charset=utf-8

        <p>Schön <img src="cid:pic@x"></p>
        --body--
        --inner
        Content-Type: image/png
        Content-ID: <pic@x>
        Content-Transfer-Encoding: base64

        iVBORw==
        --inner--
        --outer
        Content-Type: application/pdf
        Content-Disposition: attachment; filename*=utf-8''Rechnung%20M%C3%A4rz.pdf
        Content-Transfer-Encoding: base64

        JVBERg==
        --outer--

        """;

    private static readonly byte[] Raw = Encoding.UTF8.GetBytes(Mail.ReplaceLineEndings("\r\n"));

    [Fact]
    public async Task A_mail_is_listed_shown_in_parts_and_given_back_byte_by_byte()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        var message = await DeliverAsync(host.Ledger, tenant);
        await DeliverAsync(host.Ledger, other);
        using var client = host.Client(tenant);
        var item = (await client.JsonAsync("/v1/sandbox/messages")).Items().Single();
        Assert.Equal(
            (LedgerId.Delivery(message, 1), message, "ann@example.com", "Ünï folded"),
            (item.Id(), item.Id("message_id"), item.Text("to"), item.Text("subject"))
        );
        Assert.Equal("Hector\" <>( Grüße <hello@demo.example>", item.Text("from"));

        var view = await client.JsonAsync($"/v1/sandbox/messages/{item.Id()}");
        Assert.Equal("Schön", view.Text("text").Trim());
        Assert.Contains("<img src=\"cid:pic@x\">", view.Text("html"), StringComparison.Ordinal);
        Assert.Equal(
            ["From", "To", "Subject", "MIME-Version", "Content-Type"],
            view.Items("headers").Select(h => h.Text("name"))
        );
        Assert.Equal(
            [("", "image/png", 4, "pic@x"), ("Rechnung März.pdf", "application/pdf", 4, "")],
            view.Items("attachments")
                .Select(a =>
                    (
                        (string?)a["filename"] ?? "",
                        a.Text("content_type"),
                        (int)a["size"]!,
                        (string?)a["content_id"] ?? ""
                    )
                )
        );

        using var raw = await client.GetAsync($"/v1/sandbox/messages/{item.Id()}/raw");
        Assert.Equal("message/rfc822", raw.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", raw.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(Raw, await raw.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task The_inbox_is_paged_newest_first_and_filtered_by_message()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await DeliverAsync(host.Ledger, tenant, DateTimeOffset.UtcNow.AddSeconds(i)));
        }

        using var client = host.Client(tenant);
        var first = await client.JsonAsync("/v1/sandbox/messages?limit=3");
        var second = await client.JsonAsync($"/v1/sandbox/messages?limit=3&cursor={first.Text("next")}");
        Assert.Null(second["next"]);
        Assert.Equal(
            ids.AsEnumerable().Reverse(),
            first.Items().Concat(second.Items()).Select(i => i.Id("message_id"))
        );
        var one = await client.JsonAsync($"/v1/sandbox/messages?message_id={ids[2]}");
        Assert.Equal(ids[2], one.Items().Single().Id("message_id"));
        Assert.Equal("message", (await client.JsonAsync("/v1/sandbox/messages?message=1", 422)).Text("field"));
    }

    [Fact]
    public async Task Anothers_mail_and_none_are_one_answer()
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var (tenant, other) = (await host.Ledger.CreateTenantAsync(), await host.Ledger.CreateTenantAsync());
        var foreign = LedgerId.Delivery(await DeliverAsync(host.Ledger, other), 1);
        using var client = host.Client(tenant);
        var expected = (await client.JsonAsync("/v1/sandbox/messages/none", 404)).ToJsonString();
        foreach (var path in (string[])[$"{foreign}", $"{foreign}/raw", "none/raw", $"{Guid.NewGuid()}"])
        {
            Assert.Equal(expected, (await client.JsonAsync($"/v1/sandbox/messages/{path}", 404)).ToJsonString());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("no header at all")]
    [InlineData("Subject: =?utf-8?B?////?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x")]
    [InlineData("\0\r\n\u00ff: \u0001\r\n\r\n")]
    public async Task Any_bytes_are_shown_somehow(string bytes)
    {
        await using var host = await ReadingHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var message = await DeliverAsync(host.Ledger, tenant, content: Encoding.Latin1.GetBytes(bytes));
        using var client = host.Client(tenant);
        Assert.Single((await client.JsonAsync("/v1/sandbox/messages")).Items());
        await client.JsonAsync($"/v1/sandbox/messages/{LedgerId.Delivery(message, 1)}");
    }

    private static async Task<Guid> DeliverAsync(
        TestLedger ledger,
        TestTenant tenant,
        DateTimeOffset? at = null,
        byte[]? content = null
    )
    {
        await using var sandbox = new SandboxProvider(ledger.Worker);
        var id = LedgerId.NewMessage(at ?? DateTimeOffset.UtcNow);
        var result = await sandbox.SendAsync(
            new OutboundMail
            {
                TenantId = tenant.Id,
                MessageId = id,
                DeliveryId = LedgerId.Delivery(id, 1),
                Attempt = 1,
                MailFrom = tenant.Address,
                Recipient = "ann@example.com",
                Content = new(content ?? Raw),
            },
            CancellationToken.None
        );
        Assert.Equal(Gateway.Mail.Outcome.Accepted, result.Outcome);
        return id;
    }
}
