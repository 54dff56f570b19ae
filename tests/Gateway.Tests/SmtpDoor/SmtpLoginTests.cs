using System.Net;
using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Doors;
using Gateway.Tests.Running;

namespace Gateway.Tests.SmtpDoor;

/// <summary>Who gets in by SMTP, and how. Wrong keys come from addresses of their own: the shield counts them.</summary>
[Collection(DoorCollection.Name)]
public sealed class SmtpLoginTests(DoorGateway gateway)
{
    private static int addresses;

    private int Port => gateway.Gateway.SmtpPort();

    private static IPAddress Elsewhere => new([127, 77, (byte)Interlocked.Increment(ref addresses), 1]);

    [Fact]
    public async Task What_is_offered_is_what_is_kept()
    {
        await using var talk = await DoorTalk.ConnectAsync(Port);
        Assert.StartsWith("220 door.example ESMTP", await talk.Hear(), StringComparison.Ordinal);
        var plain = (await talk.Ask("EHLO client.example"))!.Split('\n').Select(l => l[4..]).ToArray();
        Assert.Equal(
            ["door.example", "PIPELINING", "SIZE 37748736", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "STARTTLS"],
            plain
        );
        Assert.StartsWith(
            "538 5.7.11",
            await talk.Ask(DoorTalk.Plain(gateway.Tenant.Key.Text)),
            StringComparison.Ordinal
        );
        Assert.StartsWith("530 5.7.0", await talk.Ask("MAIL FROM:<a@b.example>"), StringComparison.Ordinal);
        await talk.Ask("STARTTLS");
        await talk.Secure();
        Assert.Contains("AUTH PLAIN LOGIN", await talk.Ask("EHLO client.example"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("apikey")]
    [InlineData("{tenant}")]
    public async Task The_key_alone_says_who_it_is(string user)
    {
        var name = user.Replace("{tenant}", $"{gateway.Tenant.Id}", StringComparison.Ordinal);
        await using var plain = await DoorTalk.SecuredAsync(Port);
        Assert.StartsWith(
            "235 2.7.0",
            await plain.Ask(DoorTalk.Plain(gateway.Tenant.Key.Text, name)),
            StringComparison.Ordinal
        );

        await using var login = await DoorTalk.SecuredAsync(Port);
        await login.Ask("AUTH LOGIN");
        await login.Ask(Convert.ToBase64String(Encoding.UTF8.GetBytes(name)));
        var key = Convert.ToBase64String(Encoding.UTF8.GetBytes(gateway.Tenant.Key.Text));
        Assert.StartsWith("235 2.7.0", await login.Ask(key), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_other_listener_begins_with_TLS()
    {
        await using var talk = await DoorTalk.ConnectAsync(gateway.Gateway.SmtpPort(implicitTls: true));
        await talk.Secure();
        Assert.StartsWith("220", await talk.Hear(), StringComparison.Ordinal);
        Assert.DoesNotContain("STARTTLS", await talk.Ask("EHLO client.example"), StringComparison.Ordinal);
        Assert.StartsWith("235", await talk.Ask(DoorTalk.Plain(gateway.Tenant.Key.Text)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("{key}x")]
    [InlineData("{another mac}")]
    public async Task A_wrong_key_is_535_and_the_third_ends_the_session(string secret)
    {
        var key = gateway.Tenant.Key;
        var given = secret
            .Replace("{key}", key.Text, StringComparison.Ordinal)
            .Replace("{another mac}", (key with { Mac = new string('a', 16) }).Text, StringComparison.Ordinal);
        await using var talk = await DoorTalk.SecuredAsync(Port, Elsewhere);
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("535 5.7.8", await talk.Ask(DoorTalk.Plain(given)), StringComparison.Ordinal);
        }

        Assert.StartsWith("421 4.7.0", await talk.Hear(), StringComparison.Ordinal);
        Assert.Null(await talk.Hear());
    }

    [Fact]
    public async Task A_key_that_may_only_read_does_not_get_in()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await gateway.Ledger.ExecuteAsync(
            "UPDATE api_keys SET scopes = '{read}' WHERE key_id = @KeyId",
            new { KeyId = tenant.Key.Id }
        );
        await using var talk = await DoorTalk.SecuredAsync(Port);
        var reply = await talk.Ask(DoorTalk.Plain(tenant.Key.Text));
        Assert.StartsWith("535 5.7.8 This key may not send", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_revoked_stops_within_a_second_in_the_middle_of_a_session_and_bounces_nothing()
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await using var talk = await DoorTalk.LoggedInAsync(Port, tenant);
        Assert.StartsWith("250", await talk.Ask($"MAIL FROM:<a@{tenant.Domain}>"), StringComparison.Ordinal);
        await talk.Ask("RSET");
        await gateway.Ledger.ExecuteAsync(
            "UPDATE api_keys SET revoked_at = now() WHERE key_id = @KeyId",
            new { KeyId = tenant.Key.Id }
        );

        var reply = await UntilAsync(talk, $"MAIL FROM:<a@{tenant.Domain}>", r => !r.StartsWith('2'));

        Assert.StartsWith("421 4.7.0", reply, StringComparison.Ordinal);
        await using var again = await DoorTalk.SecuredAsync(Port, Elsewhere);
        Assert.StartsWith("535", await again.Ask(DoorTalk.Plain(tenant.Key.Text)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(71, "450 4.7.1")]
    [InlineData(73, "550 5.7.1")]
    public async Task A_suspended_tenant_hears_no_for_good_only_after_three_days(int hours, string begins)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        await using var talk = await DoorTalk.LoggedInAsync(Port, tenant);
        await gateway.Ledger.ExecuteAsync(
            "UPDATE tenants SET state = 'suspended', suspended_at = now() - make_interval(hours => @hours) WHERE tenant_id = @Id",
            new { tenant.Id, hours }
        );

        var reply = await UntilAsync(talk, $"MAIL FROM:<a@{tenant.Domain}>", r => !r.StartsWith('2'));

        Assert.StartsWith(begins, reply, StringComparison.Ordinal);
    }

    /// <summary>Asks, and takes back what it began, until the answer is as wanted; a second at most.</summary>
    private static async Task<string> UntilAsync(SmtpTalk talk, string command, Func<string, bool> wanted)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var reply = await talk.Ask(command) ?? "";
            if (wanted(reply) || watch.Elapsed > TimeSpan.FromSeconds(1))
            {
                return reply;
            }

            await talk.Ask("RSET");
            await Task.Delay(20);
        }
    }
}
