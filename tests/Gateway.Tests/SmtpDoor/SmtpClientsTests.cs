using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Mail.Tests.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Doors;
using Gateway.Tests.Running;
using Gateway.Tests.SmtpDoor.Clients;

namespace Gateway.Tests.SmtpDoor;

/// <summary>The clients that tenants have, sending to our door, and what the sandbox shows of it to CPython's reader.</summary>
[Collection(DoorCollection.Name)]
public sealed class SmtpClientsTests(DoorGateway gateway)
{
    [Theory]
    [InlineData("swaks")]
    [InlineData("msmtp")]
    [InlineData("smtplib")]
    [InlineData("curl")]
    [InlineData("nodemailer")]
    public async Task Text_HTML_attachment_and_names_arrive_as_they_were_sent(string client)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync(mode: "test");
        await using var folder = await TestFolder.CreateAsync();
        var (file, content) = (Path.Combine(folder.Path, "attached"), RandomNumberGenerator.GetBytes(100_000));
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);

        await new SmtpClient(gateway.Gateway.SmtpPort(), tenant, file).SendAsync(client);

        var mail = Assert.Single(await PythonMail.Parse([await InSandboxAsync(tenant)]));
        Assert.Equal("Grüße ✓ aus Köln", mail.GetProperty("subject").GetString());
        var from = Assert.Single(mail.GetProperty("from").EnumerateArray());
        Assert.Equal(("Jörg Ärger", $"hello@{tenant.Domain}"), (from[0].GetString(), from[2].GetString()));
        Assert.Equal("Hällo,\n.\n..und fertig", Text(mail, "text"));
        Assert.Equal("<p>Hällo <b>Welt</b></p>", Text(mail, "html"));
        var attached = Assert.Single(mail.GetProperty("attachments").EnumerateArray());
        Assert.Equal(content, attached.GetProperty("content").GetBytesFromBase64());
        Assert.Equal(client == "swaks" ? "Groesse.pdf" : "Größe.pdf", attached.GetProperty("legacy_name").GetString());
    }

    private static string Text(JsonElement mail, string part) =>
        mail.GetProperty(part).GetString()!.ReplaceLineEndings("\n").TrimEnd('\n');

    private async Task<byte[]> InSandboxAsync(TestTenant tenant)
    {
        using var client = gateway.Gateway.Client(tenant);
        var id = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var page = JsonDocument.Parse(await client.GetStringAsync("/v1/sandbox/messages"));
                var items = page.RootElement.GetProperty("items");
                id = items.GetArrayLength() == 1 ? items[0].GetProperty("id").GetString()! : "";
                return id.Length > 0;
            },
            "one mail in the sandbox"
        );
        return await client.GetByteArrayAsync($"/v1/sandbox/messages/{id}/raw");
    }
}
