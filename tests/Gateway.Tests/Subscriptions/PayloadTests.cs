using System.Text;
using System.Text.Json;
using Gateway.Subscriptions;

namespace Gateway.Tests.Subscriptions;

public sealed class PayloadTests
{
    private static readonly WebhookEvent Sample = new(
        Guid.CreateVersion7(),
        "bounced",
        Guid.CreateVersion7(),
        Guid.CreateVersion7(),
        "ann@example.com",
        3,
        "bounced",
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        """{"reply": "550 no \"such\" user", "attempt": 1}"""
    );

    [Fact]
    public void It_has_type_timestamp_and_the_event_as_data()
    {
        var told = JsonElement.Parse(WebhookPayload.Write(Sample));
        Assert.Equal(["type", "timestamp", "data"], told.EnumerateObject().Select(p => p.Name));
        Assert.Equal("2026-01-02T03:04:05.678000Z", told.GetProperty("timestamp").GetString());
        var data = told.GetProperty("data");
        Assert.Equal(
            ["id", "type", "message_id", "delivery_id", "recipient", "sequence", "state", "at", "data"],
            data.EnumerateObject().Select(p => p.Name)
        );
        Assert.Equal("550 no \"such\" user", data.GetProperty("data").GetProperty("reply").GetString());
    }

    [Theory]
    [InlineData(19_000)]
    [InlineData(64_000)]
    [InlineData(1_000_000)]
    public void A_reply_that_is_too_long_is_cut_with_a_mark(int length)
    {
        foreach (var letter in (string[])["x", "ü", "😀", "\"", "\n"])
        {
            var reply = new StringBuilder().Insert(0, letter, length / letter.Length).ToString();
            var body = WebhookPayload.Write(
                Sample with
                {
                    Data = JsonSerializer.Serialize(
                        new
                        {
                            attempt = 2,
                            reply,
                            inner = new { texts = new[] { reply } },
                        }
                    ),
                }
            );
            Assert.True(body.Length <= WebhookPayload.MaxBytes, $"{body.Length} bytes");
            var data = JsonElement.Parse(body).GetProperty("data").GetProperty("data");
            Assert.True(data.GetProperty("cut").GetBoolean());
            Assert.Equal(2, data.GetProperty("attempt").GetInt32());
            var left = data.GetProperty("reply").GetString()!;
            Assert.EndsWith(WebhookPayload.CutMark, left, StringComparison.Ordinal);
            Assert.StartsWith(left[..^WebhookPayload.CutMark.Length], reply, StringComparison.Ordinal);
            Assert.EndsWith(
                WebhookPayload.CutMark,
                data.GetProperty("inner").GetProperty("texts")[0].GetString(),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void What_cannot_be_cut_to_size_is_left_out()
    {
        var many = JsonSerializer.Serialize(Enumerable.Range(0, 10_000).ToDictionary(n => $"field{n}", n => n));
        var body = WebhookPayload.Write(Sample with { Data = many });
        Assert.True(body.Length <= WebhookPayload.MaxBytes);
        Assert.Equal("""{"cut":true}""", JsonElement.Parse(body).GetProperty("data").GetProperty("data").GetRawText());
    }

    [Fact]
    public void What_fits_is_whole()
    {
        var reply = new string('x', 18_000);
        var body = WebhookPayload.Write(Sample with { Data = JsonSerializer.Serialize(new { reply }) });
        Assert.Equal(
            reply,
            JsonElement.Parse(body).GetProperty("data").GetProperty("data").GetProperty("reply").GetString()
        );
    }

    [Fact]
    public void An_event_about_no_message_has_its_fields_as_null()
    {
        var body = WebhookPayload.Write(
            new WebhookEvent(Guid.CreateVersion7(), "limit.reached", null, null, null, null, null, Sample.At, null)
        );
        var data = JsonElement.Parse(body).GetProperty("data");
        foreach (var name in (string[])["message_id", "delivery_id", "recipient", "sequence", "state", "data"])
        {
            Assert.Equal(JsonValueKind.Null, data.GetProperty(name).ValueKind);
        }
    }
}
