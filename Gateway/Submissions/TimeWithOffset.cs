using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Submissions;

/// <summary>Reads an RFC 3339 time. Without an offset it would mean another instant on every machine, so it is refused.</summary>
internal sealed class TimeWithOffset : JsonConverter<DateTimeOffset>
{
    /// <summary>Of <c>+02:00</c>, which stands after a date of at least ten characters.</summary>
    private const int OffsetLength = 6;

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
        && reader.GetString() is { } text
        && HasOffset(text)
        && reader.TryGetDateTimeOffset(out var time)
            ? time
            : throw new FieldException(
                "wrong_type",
                "",
                "The value is not a time with its offset from UTC.",
                "a time with offset (RFC 3339), such as 2030-01-31T09:00:00Z"
            );

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString("O", CultureInfo.InvariantCulture));

    private static bool HasOffset(string text) =>
        text.EndsWith('Z') || (text.Contains('T') && text.Length > OffsetLength && text[^OffsetLength] is '+' or '-');
}
