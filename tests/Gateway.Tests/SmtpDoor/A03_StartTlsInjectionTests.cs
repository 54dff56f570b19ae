using System.Text;
using Gateway.Tests.Doors;

namespace Gateway.Tests.SmtpDoor;

/// <summary>A3 through the running door: what was said before TLS is not heard after it.</summary>
[Collection(DoorCollection.Name)]
public sealed class A03_StartTlsInjectionTests(DoorGateway gateway)
{
    [Theory]
    [InlineData("STARTTLS\r\nRSET\r\n")]
    [InlineData("STARTTLS\r\nNOOP\r\nEHLO evil.example\r\n")]
    [InlineData("STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")]
    [InlineData("STARTTLS\r\n\0")]
    public async Task A_command_behind_STARTTLS_ends_the_session_unheard(string sent)
    {
        await using var talk = await DoorTalk.ConnectAsync(gateway.Gateway.SmtpPort());
        await talk.Hear();
        await talk.Ask("EHLO client.example");
        await talk.Send(Encoding.ASCII.GetBytes(sent));
        var replies = await talk.HearAll();
        Assert.StartsWith("554 5.5.0", Assert.Single(replies), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TLS_begins_with_nothing_known_and_comes_once()
    {
        await using var talk = await DoorTalk.ConnectAsync(gateway.Gateway.SmtpPort());
        await talk.Hear();
        Assert.StartsWith("503 5.5.1", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Ask("EHLO client.example");
        Assert.StartsWith("501 5.5.4", await talk.Ask("STARTTLS now"), StringComparison.Ordinal);
        await talk.Ask("STARTTLS");
        await talk.Secure();
        Assert.StartsWith("503", await talk.Ask(DoorTalk.Plain(gateway.Tenant.Key.Text)), StringComparison.Ordinal);
        await talk.Ask("EHLO client.example");
        Assert.StartsWith("503", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        Assert.StartsWith("235", await talk.Ask(DoorTalk.Plain(gateway.Tenant.Key.Text)), StringComparison.Ordinal);
        Assert.StartsWith("503", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        Assert.StartsWith("503", await talk.Ask(DoorTalk.Plain(gateway.Tenant.Key.Text)), StringComparison.Ordinal);
    }
}
