using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Mail.Tests;
using Gateway.Mail.Tests.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>Strings that broke other programs, in every field of a message (A6, A7, A29).</summary>
[Collection(DoorCollection.Name)]
public sealed class NaughtyStringTests(DoorGateway gateway)
{
    private const int BatchSize = 250;

    [Fact]
    public async Task Each_string_comes_out_as_it_went_in_or_is_refused()
    {
        var strings = JsonSerializer.Deserialize<string[]>(
            await File.ReadAllBytesAsync(Corpora.Path("attack-strings", "blns.json"))
        )!;
        var recorder = gateway.Recorder;
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var (sent, refused) = (new List<int>(), new List<int>());
        foreach (var chunk in strings.Index().Chunk(BatchSize))
        {
            var answer = await SendAsync(tenant, chunk);
            for (var i = 0; i < chunk.Length; i++)
            {
                var item = answer.Item(i);
                Assert.True(item.Status is 202 or 422, $"{chunk[i].Item}: {item}");
                (item.Status == 202 ? sent : refused).Add(chunk[i].Index);
            }
        }

        Assert.All(refused, i => Assert.True(MayBeRefused(strings[i]), $"refused without need: {strings[i]}"));
        await Eventually.TrueAsync(
            () => Task.FromResult(sent.TrueForAll(i => recorder.For(Recipient(tenant, i)).Count > 0)),
            "all arrive",
            TimeSpan.FromSeconds(90)
        );
        var read = await PythonMail.Parse(sent.Select(i => recorder.For(Recipient(tenant, i))[0].Bytes));
        foreach (var (i, mail) in sent.Zip(read))
        {
            Check(tenant, i, strings[i], mail);
        }

        Assert.True(sent.Count > strings.Length * 9 / 10, $"only {sent.Count} of {strings.Length} were accepted");
    }

    private static void Check(TestTenant tenant, int number, string text, JsonElement mail)
    {
        var envelope = Assert.Single(mail.GetProperty("to").EnumerateArray());
        Assert.Equal(Recipient(tenant, number), envelope[2].GetString());
        Assert.Equal(tenant.Address, Assert.Single(mail.GetProperty("from").EnumerateArray())[2].GetString());
        Assert.Empty(mail.GetProperty("defects").EnumerateArray());
        Assert.Equal(Lines(text), Lines(mail.GetProperty("text").GetString()!));
        string[] fields = [.. mail.GetProperty("fields").EnumerateArray().Select(f => f.GetString()!)];
        Assert.Single(fields, f => f == "X-Said");
        Assert.DoesNotContain(fields, f => f is "Bcc" or "Cc" or "Sender" or "Set-Cookie");
    }

    private async Task<DoorAnswer> SendAsync(TestTenant tenant, (int Index, string Item)[] strings)
    {
        var messages = new JsonArray();
        foreach (var (number, text) in strings)
        {
            messages.Add(
                (JsonNode)
                    new JsonObject
                    {
                        ["from"] = new JsonObject { ["email"] = tenant.Address, ["name"] = text },
                        ["to"] = new JsonArray(
                            new JsonObject { ["email"] = Recipient(tenant, number), ["name"] = text }
                        ),
                        ["subject"] = text,
                        ["text"] = text,
                        ["headers"] = new JsonObject { ["X-Said"] = text },
                        ["metadata"] = new JsonObject { ["said"] = Cut(text, 500) },
                        ["attachments"] = new JsonArray(new JsonObject { ["filename"] = text, ["content"] = "YQ==" }),
                    }
            );
        }

        var body = new JsonObject { ["messages"] = messages };
        using var request = DoorRequests.Request(Door.Json, JsonSerializer.SerializeToUtf8Bytes(body), "/batch");
        return await gateway.AnswerAsync(request, tenant);
    }

    private static string Recipient(TestTenant tenant, int number) => $"s{number}@{tenant.Domain}";

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];

    private static string Lines(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return lines.EndsWith('\n') ? lines : lines + "\n";
    }

    /// <summary>A line break or another control character has no place in a name, a subject or a header.</summary>
    private static bool MayBeRefused(string text) => text.Any(c => c is < ' ' or '\x7f');
}
