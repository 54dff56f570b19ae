using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Mail.Dkim;
using Gateway.Mail.Tests.Peers;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>A From that the tenant may not show goes out as via the tenant, signed for the tenant's domain (S3).</summary>
[Collection(DoorCollection.Name)]
public sealed class RewrittenFromTests(DoorGateway gateway)
{
    [Fact]
    public async Task Json_goes_out_under_the_tenants_address_and_answers_go_to_the_given_one()
    {
        var tenant = await RewritingAsync();
        var json = DoorCases.GoodMessage(tenant.Domain);
        json["from"] = "Ann Ünlü <ann@customer.example>";
        var read = await ArrivesAsync(tenant, Door.Json, json.ToJsonString());
        Assert.Equal("Ann Ünlü via Demo & \"Co\"", read.FromName);
        Assert.Equal("ann@customer.example", read.ReplyTo);

        json["reply_to"] = new JsonArray("desk@customer.example");
        Assert.Equal(
            "desk@customer.example",
            (await ArrivesAsync(tenant, Door.BatchItem, json.ToJsonString())).ReplyTo
        );
    }

    [Fact]
    public async Task A_composed_message_keeps_all_but_its_From_and_Sender()
    {
        var tenant = await RewritingAsync();
        const string rest = "Subject: kept\r\nX-Own: kept too\r\n\r\nbody\r\n.\r\nend\r\n";
        var to = $"bob{Guid.NewGuid():N}@example.net";
        var given =
            $"From: =?utf-8?q?Ann_=C3=9C?= <ann@customer.example>\r\nSender: desk@customer.example\r\nTo: {to}\r\n{rest}";
        var read = await ArrivesAsync(tenant, Door.Raw, given);
        Assert.Equal("Ann Ü via Demo & \"Co\"", read.FromName);
        Assert.Equal("ann@customer.example", read.ReplyTo);
        Assert.EndsWith(rest, read.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Sender:", read.Text, StringComparison.Ordinal);
        var kept = await gateway.Ledger.ScalarAsync<byte[]>(
            "SELECT content FROM bodies WHERE tenant_id = @Id",
            new { tenant.Id }
        );
        Assert.Equal(given, Encoding.UTF8.GetString(kept));
    }

    [Fact]
    public async Task A_domain_of_another_tenant_is_refused_all_the_same()
    {
        var tenant = await RewritingAsync();
        var json = DoorCases.GoodMessage(tenant.Domain);
        json["from"] = gateway.Stranger.Address;
        var answer = await gateway.SendAsync(Door.Json, tenant, json.ToJsonString());
        Assert.Equal((403, "domain_not_verified"), (answer.Status, answer.Code));
        Assert.Equal(
            1,
            await gateway.Ledger.ScalarAsync<long>(
                "SELECT count(*) FROM audit WHERE data ->> 'tenant' = @mine AND data ->> 'owner' = @theirs",
                new { mine = $"{tenant.Id}", theirs = $"{gateway.Stranger.Id}" }
            )
        );
    }

    private sealed record Arrived(string Text, string FromName, string ReplyTo);

    private async Task<TestTenant> RewritingAsync()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var key = DkimKey.Generate(DkimAlgorithm.RsaSha256);
        await gateway.Ledger.ExecuteAsync(
            """
            UPDATE tenants SET name = 'Demo & "Co"', settings = @settings::jsonb WHERE tenant_id = @Id;
            INSERT INTO dkim_keys (tenant_id, domain, selector, algorithm, private_sealed, public_record, state)
            VALUES (@Id, @Domain, 's1', 'rsa-sha256', @secret, @record, 'active');
            """,
            new
            {
                tenant.Id,
                tenant.Domain,
                settings = JsonSerializer.Serialize(
                    new TenantSettings { UnverifiedFrom = UnverifiedFrom.Rewrite, RewriteFromAddress = tenant.Address },
                    StoredJson.Options
                ),
                secret = TestKeys.Master.Seal(key.ExportPkcs8(), DkimSecret.Place(tenant.Id, tenant.Domain, "s1")),
                record = key.PublicRecord,
            }
        );
        return tenant;
    }

    private async Task<Arrived> ArrivesAsync(TestTenant tenant, Door door, string message)
    {
        var answer = await gateway.SendAsync(door, tenant, message);
        Assert.True(answer.Status == 202, $"{answer}");
        var to = answer.Body.GetProperty("deliveries").EnumerateArray().First().GetProperty("to").GetString()!;
        var mark =
            message.Contains("desk@customer.example", StringComparison.Ordinal) && door == Door.BatchItem
                ? "desk@"
                : "ann@";
        await Eventually.TrueAsync(() => Task.FromResult(Mine().Any()), $"{answer} arrives");
        var mail = Mine().First();
        var text = Encoding.UTF8.GetString(mail.Bytes);
        Assert.Contains($"d={tenant.Domain};", text, StringComparison.Ordinal);
        Assert.Equal(tenant.Address, mail.MailFrom);
        var read = (await PythonMail.Parse([mail.Bytes])).Single();
        var from = read.GetProperty("from").EnumerateArray().Single();
        Assert.Equal(tenant.Address, from[2].GetString());
        var replyTo = text.Split("\r\n").Single(l => l.StartsWith("Reply-To:", StringComparison.Ordinal));
        var address = replyTo[(replyTo.LastIndexOf('<') + 1)..].Replace("Reply-To: ", "", StringComparison.Ordinal);
        return new Arrived(text, from[0].GetString()!, address.TrimEnd('>'));

        IEnumerable<Peers.RecordedMail> Mine() =>
            gateway
                .Recorder.For(to)
                .Where(m =>
                {
                    var t = Encoding.UTF8.GetString(m.Bytes);
                    return t.Contains(tenant.Domain, StringComparison.Ordinal)
                        && t.Contains(mark, StringComparison.Ordinal);
                });
    }
}
