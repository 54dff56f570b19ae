using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Doors;

/// <summary>tests/Corpus/doors/raw-refused.json: composed messages that nobody may send.</summary>
[Collection(DoorCollection.Name)]
public sealed partial class RefusedRawTests(DoorGateway gateway)
{
    public static TheoryData<string, string> Rows()
    {
        var rows = new TheoryData<string, string>();
        foreach (var row in DoorCases.Read("raw-refused.json"))
        {
            rows.Add(row["name"]!.GetValue<string>(), row.ToJsonString());
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public async Task A_bad_composed_message_is_named_and_nothing_of_it_is_kept(string name, string row)
    {
        var expected = JsonNode.Parse(row)!;
        var message = Encoding.Latin1.GetBytes(Expand(expected["message"]!.GetValue<string>()));
        var answer = await gateway.RefusedAsync(Door.Raw, message, Expand(expected["query"]!.GetValue<string>()));
        var text = $"{name}: {answer}";
        Assert.True(expected["status"]!.GetValue<int>() == answer.Status, text);
        Assert.True(expected["code"] is not { } code || code.GetValue<string>() == answer.Code, text);
        Assert.True(expected["field"]!.GetValue<string>() == answer.Field, text);
        Assert.True(
            expected["value"] is not { } value
                || answer.Value?.Contains(value.GetValue<string>(), StringComparison.Ordinal) == true,
            text
        );
        Assert.True(answer is { Accepted.Length: > 5 }, text);
    }

    /// <summary>x's, addresses, rcpt parameters, folded lines or fields, so many as the number says.</summary>
    private string Expand(string text) =>
        Many()
            .Replace(
                text.Replace("$DOMAIN", gateway.Tenant.Domain, StringComparison.Ordinal),
                match =>
                {
                    var count = int.Parse(match.Groups["count"].Value);
                    var numbers = Enumerable.Range(0, count);
                    return match.Groups["what"].Value switch
                    {
                        "X" => new string('x', count),
                        "N" => string.Join(",\r\n ", numbers.Select(n => $"r{n}@example.net")),
                        "Q" => "?" + string.Join('&', numbers.Select(n => $"rcpt=r{n}@example.net")),
                        "F" => string.Concat(
                            numbers.Where(n => n % 70 == 0).Select(_ => new string('x', 67) + "\r\n ")
                        ),
                        _ => string.Concat(numbers.Select(n => $"X-{n}: {n}\r\n")),
                    };
                }
            );

    [GeneratedRegex(@"\$(?<what>[XNQFH])(?<count>\d+);", RegexOptions.NonBacktracking)]
    private static partial Regex Many();
}
