using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Doors;

/// <summary>Headers that only the gateway or a transport writes.</summary>
[Collection(DoorCollection.Name)]
public sealed class OwnedHeaderTests(DoorGateway gateway)
{
    public static TheoryData<string> Owned() =>
        [
            "From",
            "Sender",
            "Reply-To",
            "To",
            "Cc",
            "Bcc",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Received",
            "Return-Path",
            "Delivered-To",
            "DKIM-Signature",
            "DomainKey-Signature",
            "Authentication-Results",
            "Received-SPF",
            "Content-Type",
            "Content-Transfer-Encoding",
            "Content-Disposition",
            "Content-Anything",
            "Resent-From",
            "Resent-To",
            "Resent-Bcc",
            "ARC-Seal",
            "ARC-Message-Signature",
            "ARC-Authentication-Results",
            "X-Gateway-Anything",
            "X-Gw-Message-Id",
        ];

    [Theory]
    [MemberData(nameof(Owned))]
    public async Task A_header_that_the_gateway_owns_is_refused_in_any_letters(string name)
    {
        foreach (var written in (string[])[name, name.ToLowerInvariant(), name.ToUpperInvariant()])
        {
            var message = DoorCases.GoodMessage(gateway.Tenant.Domain);
            message["headers"] = new JsonObject { ["X-Fine"] = "1", [written] = "a@example.net" };
            foreach (var door in (Door[])[Door.Json, Door.BatchItem])
            {
                var answer = await gateway.RefusedAsync(door, JsonSerializer.SerializeToUtf8Bytes(message));
                Assert.Equal(
                    (422, "header_reserved", $"headers.{written}"),
                    (answer.Status, answer.Code, answer.Field)
                );
                Assert.NotNull(answer.Accepted);
            }
        }
    }
}
