using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Doors;

/// <summary>Nobody sends under a name that another owns (A21).</summary>
[Collection(DoorCollection.Name)]
public sealed class SenderDomainTests(DoorGateway gateway)
{
    public static TheoryData<string> Foreign() =>
        [
            "{other}",
            "{OTHER}",
            "{other}.",
            "mail.{other}",
            "mail.{own}",
            "{own}.evil.example",
            "evil{own}",
            "x-{own}",
            "example",
            "net.example",
            "{own with a Cyrillic letter}",
            "{own as punycode with a letter more}",
            "{other in full width}",
            "{other with a soft hyphen}",
            "{own}, a@{other}",
            "{own}\u0000.{other}",
            "{own} <a@{other}>",
            "[127.0.0.1]",
        ];

    [Theory]
    [MemberData(nameof(Foreign), DisableDiscoveryEnumeration = true)]
    public async Task A_domain_of_somebody_else_is_refused_however_it_is_written(string domain)
    {
        var address = "ceo@" + Fill(domain);
        var json = DoorCases.GoodMessage(gateway.Tenant.Domain);
        json["from"] = address;
        Check(await gateway.RefusedAsync(Door.Json, JsonSerializer.SerializeToUtf8Bytes(json)), domain);
        Check(await gateway.RefusedAsync(Door.BatchItem, JsonSerializer.SerializeToUtf8Bytes(json)), domain);
        var to = "To: ann@example.net\r\n\r\nhello\r\n";
        Check(await gateway.RefusedAsync(Door.Raw, Encoding.UTF8.GetBytes($"From: {address}\r\n{to}")), domain);
        var sender = $"From: {gateway.Tenant.Address}\r\nSender: {address}\r\n{to}";
        Check(await gateway.RefusedAsync(Door.Raw, Encoding.UTF8.GetBytes(sender)), domain);
    }

    [Theory]
    [InlineData("{own}")]
    [InlineData("{OWN}")]
    public async Task The_own_domain_counts_in_any_letters(string domain)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var written = domain == "{own}" ? tenant.Domain : tenant.Domain.ToUpperInvariant();
        var json = DoorCases.GoodMessage(tenant.Domain);
        json["from"] = $"Hello <hello@{written}>";
        var raw = $"From: Hello <hello@{written}>\r\nTo: ann@example.net\r\n\r\nhello\r\n";
        Assert.Equal(202, (await gateway.SendAsync(Door.Json, tenant, json.ToJsonString())).Status);
        Assert.Equal(202, (await gateway.SendAsync(Door.Raw, tenant, raw)).Status);
        Assert.Equal(
            [tenant.Domain],
            await gateway.Ledger.QueryAsync<string>(
                "SELECT DISTINCT from_domain FROM messages WHERE tenant_id = @Id",
                new { tenant.Id }
            )
        );
    }

    private string Fill(string domain)
    {
        var (own, other) = (gateway.Tenant.Domain, gateway.Stranger.Domain);
        return domain
            .Replace(
                "{own with a Cyrillic letter}",
                own.Replace("example", "ex\u0430mple", StringComparison.Ordinal),
                StringComparison.Ordinal
            )
            .Replace("{own as punycode with a letter more}", "xn--" + own, StringComparison.Ordinal)
            .Replace("{other in full width}", FullWidth(other), StringComparison.Ordinal)
            .Replace("{other with a soft hyphen}", other.Insert(2, "\u00ad"), StringComparison.Ordinal)
            .Replace("{OTHER}", other.ToUpper(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{other}", other, StringComparison.Ordinal)
            .Replace("{own}", own, StringComparison.Ordinal);
    }

    private static string FullWidth(string text) =>
        string.Concat(text.Select(c => c is > ' ' and <= '~' ? (char)(c + 0xfee0) : c));

    private static void Check(DoorAnswer answer, string domain)
    {
        Assert.True(answer.Status is 403 or 422, $"{domain}: {answer}");
        Assert.True(answer.Status != 403 || answer.Code == "domain_not_verified", $"{domain}: {answer}");
        Assert.True(answer is { Field.Length: > 0, Accepted.Length: > 5 }, $"{domain}: {answer}");
    }
}
