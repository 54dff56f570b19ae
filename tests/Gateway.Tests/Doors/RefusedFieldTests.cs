using System.Text.Json.Nodes;

namespace Gateway.Tests.Doors;

/// <summary>tests/Corpus/doors/refused.json, each row through every door that takes JSON.</summary>
[Collection(DoorCollection.Name)]
public sealed class RefusedFieldTests(DoorGateway gateway)
{
    public static TheoryData<string, string> Rows()
    {
        var rows = new TheoryData<string, string>();
        foreach (var row in DoorCases.Read("refused.json"))
        {
            rows.Add(row["name"]!.GetValue<string>(), row.ToJsonString());
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public async Task Bad_input_is_named_and_nothing_of_it_is_kept(string name, string row)
    {
        var expected = JsonNode.Parse(row)!.AsObject();
        var message = DoorCases.Message(expected["set"]!.AsObject(), gateway.Tenant.Domain);
        foreach (var door in (Door[])[Door.Json, Door.BatchItem])
        {
            var answer = await gateway.RefusedAsync(door, message);
            var text = $"{name} at {door}: {answer}";
            Assert.True(expected["status"]!.GetValue<int>() == answer.Status, text);
            Assert.True(expected["code"] is not { } code || code.GetValue<string>() == answer.Code, text);
            Assert.True(expected["field"] is not { } field || field.GetValue<string>() == answer.Field, text);
            Assert.True(answer is { Code.Length: > 0, Field.Length: > 0, Accepted.Length: > 5 }, text);
        }
    }
}
