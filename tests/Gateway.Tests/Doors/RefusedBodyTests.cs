using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Doors;

/// <summary>Bodies that are no message, or no batch: tests/Corpus/doors/bodies.json and batches.json.</summary>
[Collection(DoorCollection.Name)]
public sealed class RefusedBodyTests(DoorGateway gateway)
{
    private const int Deep = 10_000;

    public static TheoryData<string, string> Messages() => Rows("bodies.json");

    public static TheoryData<string, string> Batches() => Rows("batches.json");

    [Theory]
    [MemberData(nameof(Messages), DisableDiscoveryEnumeration = true)]
    public async Task A_body_that_is_no_message_is_refused(string name, string row)
    {
        var body = Body(row);
        Check(name, row, await gateway.RefusedAsync(Door.Json, body));
    }

    [Theory]
    [MemberData(nameof(Batches), DisableDiscoveryEnumeration = true)]
    public async Task A_body_that_is_no_batch_is_refused_whole(string name, string row)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        using var request = DoorRequests.Request(Door.Json, Body(row), "/batch");
        Check(name, row, await gateway.AnswerAsync(request, gateway.Tenant));
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF_8_are_refused()
    {
        byte[] body = [.. "{\"subject\":\"caf"u8, 0xe9, .. "\"}"u8];
        var answer = await gateway.RefusedAsync(Door.Json, body);
        Assert.True(answer is { Status: 400 or 422, Code: "wrong_type" or "json_invalid" }, answer.ToString());
        Assert.Equal(400, (await gateway.RefusedAsync(Door.Json, Encoding.Unicode.GetBytes("{}"))).Status);
    }

    [Fact]
    public async Task A_long_field_name_comes_back_short()
    {
        var name = new string('n', 100_000);
        var answer = await gateway.RefusedAsync(Door.Json, Encoding.UTF8.GetBytes($"{{\"{name}\":1}}"));
        Assert.Equal("unknown_field", answer.Code);
        Assert.InRange(answer.Body.GetRawText().Length, 100, 1_000);
    }

    [Fact]
    public async Task Millions_of_tiny_values_are_refused_before_objects_are_made_of_them()
    {
        var tags = string.Join(',', Enumerable.Repeat("\"\"", 3_000_000));
        var answer = await gateway.RefusedAsync(Door.Json, Encoding.UTF8.GetBytes($"{{\"tags\":[{tags}]}}"));
        Assert.Equal((400, "json_too_long"), (answer.Status, answer.Code));
    }

    private static TheoryData<string, string> Rows(string file)
    {
        var rows = new TheoryData<string, string>();
        foreach (var row in DoorCases.Read(file))
        {
            rows.Add(row["name"]!.GetValue<string>(), row.ToJsonString());
        }

        return rows;
    }

    private byte[] Body(string row) =>
        Encoding.UTF8.GetBytes(
            JsonNode.Parse(row)!["body"]!
                .GetValue<string>()
                .Replace("$DOMAIN", gateway.Tenant.Domain, StringComparison.Ordinal)
                .Replace("$DEEP", new string('[', Deep) + new string(']', Deep), StringComparison.Ordinal)
        );

    private static void Check(string name, string row, DoorAnswer answer)
    {
        var expected = JsonNode.Parse(row)!;
        var text = $"{name}: {answer}";
        Assert.True(answer.Status is 400 or 422, text);
        Assert.True(expected["status"] is not { } status || status.GetValue<int>() == answer.Status, text);
        Assert.True(expected["code"] is not { } code || code.GetValue<string>() == answer.Code, text);
        Assert.True(expected["field"] is not { } field || field.GetValue<string>() == answer.Field, text);
        Assert.True(answer is { Code.Length: > 0, Accepted.Length: > 5, Detail.Length: > 5 }, text);
    }
}
