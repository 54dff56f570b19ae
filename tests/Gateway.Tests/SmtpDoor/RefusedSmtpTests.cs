using System.Text.Json.Nodes;
using Gateway.Tests.Doors;

namespace Gateway.Tests.SmtpDoor;

/// <summary>Each row of <c>tests/Corpus/doors/smtp.json</c>: what is refused, with which code, and in which words.</summary>
[Collection(DoorCollection.Name)]
public sealed class RefusedSmtpTests(DoorGateway gateway)
{
    [Fact]
    public async Task Bad_input_is_refused_with_its_reason_and_leaves_nothing()
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        await using var talk = await DoorTalk.LoggedInAsync(gateway.Gateway.SmtpPort(), gateway.Tenant);
        var wrong = new List<string>();
        foreach (var row in DoorCases.Read("smtp.json"))
        {
            var to = Text(row, "to") ?? "ann@example.net";
            var mail = Text(row, "mail") ?? "From: hello@$DOMAIN\nTo: ann@example.net\nSubject: x\n\nx\n";
            mail = mail.Replace("$LONG", new string('x', row["long"]?.GetValue<int>() ?? 0), StringComparison.Ordinal);
            mail = mail.Replace("$DOMAIN", gateway.Tenant.Domain, StringComparison.Ordinal);

            var reply = await talk.SendAsync($"b@{gateway.Tenant.Domain}", to, mail);

            var (begins, says) = (Text(row, "reply")!, Text(row, "says") ?? "");
            if (!reply.StartsWith(begins, StringComparison.Ordinal) || !reply.Contains(says, StringComparison.Ordinal))
            {
                wrong.Add($"{Text(row, "name")}: wanted {begins} … {says}, heard {reply}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    private static string? Text(JsonObject row, string name) => row[name]?.GetValue<string>();
}
