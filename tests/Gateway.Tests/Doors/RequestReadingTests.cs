using System.Text;
using System.Text.Json;
using Gateway.Api.Acceptance;
using Gateway.Api.Problems;
using Gateway.Submissions;

namespace Gateway.Tests.Doors;

/// <summary>The parts of the doors that need no host: cutting, counting, naming.</summary>
public sealed class RequestReadingTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("$", null)]
    [InlineData("$.to[0]", "to[0]")]
    [InlineData("$.attachments[12].content_type", "attachments[12].content_type")]
    [InlineData("$['a b']", "a b")]
    [InlineData("$.headers['X.Y']", "headers.X.Y")]
    [InlineData("$['a']['b c'][1]", "a.b c[1]")]
    [InlineData("$['it's']", "it's")]
    [InlineData("$['open", "open")]
    [InlineData("$.a$.b", "a$.b")]
    public void A_field_is_named_as_the_caller_wrote_it(string? path, string? field) =>
        Assert.Equal(field, JsonField.Of(path));

    [Theory]
    [InlineData("{\"messages\":[]}", 0)]
    [InlineData(" { \"messages\" : [ {} , [1,{\"a\":\"]\"}] , 5 , \"x,y\" ] } ", 4)]
    [InlineData("{\"mess\\u0061ges\":[null]}", 1)]
    public void A_batch_is_cut_into_the_bytes_it_was_given(string body, int items)
    {
        var cut = BatchReader.Split(Encoding.UTF8.GetBytes(body));
        Assert.Equal(items, cut.Count);
        Assert.All(cut, item => Assert.Contains(Encoding.UTF8.GetString(item), body, StringComparison.Ordinal));
    }

    [Fact]
    public void A_batch_stops_copying_after_one_item_too_many()
    {
        var body = "{\"messages\":[" + string.Join(',', Enumerable.Repeat("1", 100_000)) + "]}";
        Assert.Equal(MessageLimits.BatchItems + 1, BatchReader.Split(Encoding.UTF8.GetBytes(body)).Count);
    }

    [Theory]
    [InlineData("[1,2,3]", 5, false)]
    [InlineData("[1,2,3]", 4, true)]
    [InlineData("[1,2,3", 4, false)]
    [InlineData("nonsense", 2, false)]
    public void Tokens_are_counted_up_to_the_limit(string json, int most, bool exceed) =>
        Assert.Equal(exceed, JsonTokens.Exceed(Encoding.UTF8.GetBytes(json), most));

    [Theory]
    [InlineData("PT15M", 900.0)]
    [InlineData("P1DT1S", 86_401.0)]
    [InlineData("P30D", 2_592_000.0)]
    [InlineData("PT0.5S", 0.5)]
    [InlineData("15M", null)]
    [InlineData("PT", null)]
    [InlineData("PT1M ", null)]
    [InlineData("P9999999999Y", null)]
    public void A_duration_is_ISO_8601_or_nothing(string text, double? seconds) =>
        Assert.Equal(seconds, MessageRequestValidator.ParseDuration(text)?.TotalSeconds);

    [Theory]
    [InlineData("2030-01-31T09:00:00Z", true)]
    [InlineData("2030-01-31T09:00:00.123+05:30", true)]
    [InlineData("2030-01-31T09:00:00-00:00", true)]
    [InlineData("2030-01-31T09:00:00", false)]
    [InlineData("2030-01-31", false)]
    [InlineData("2030-01-31T09:00", false)]
    [InlineData("2030-01-31T09:00:00+25:00", false)]
    [InlineData("2030-02-30T09:00:00Z", false)]
    [InlineData("31 Jan 2030 09:00:00 GMT", false)]
    public void A_time_has_its_offset(string text, bool accepted)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new { send_at = text });
        var problem = Record.Exception(() => JsonSerializer.Deserialize(json, MessageJson.Strict.MessageRequest));
        Assert.Equal(accepted, problem is null);
        Assert.True(accepted || JsonProblems.Of((JsonException)problem!) is { Code: "wrong_type", Field: "send_at" });
    }

    [Fact]
    public void A_long_value_is_cut_between_characters()
    {
        var error = FieldError.Of("c", new string('f', 1_000), new string('x', 99) + "\U0001F4E7 and more", "a");
        Assert.Equal(new string('x', 99) + "…", error.Value);
        Assert.Equal(201, error.Field.Length);
    }
}
