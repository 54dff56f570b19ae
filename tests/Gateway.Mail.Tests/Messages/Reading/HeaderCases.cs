using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>One line of text for what we read and what the corpus expects, so that the two can be compared.</summary>
internal static class HeaderCases
{
    /// <summary>The corpus gives what follows the colon, and sometimes the next field or an empty line after it.</summary>
    public static byte[] OneField(string text)
    {
        var message = Encoding.UTF8.GetBytes("X:" + text);
        return MimeMessage.Parse(message, new MimeLimits { MaxHeaderBytes = 1 << 20 }).Headers[0].RawValue.ToArray();
    }

    public static string Type(ReadOnlySpan<byte> value)
    {
        if (ContentType.Parse(value) is not { } type)
        {
            return "nothing";
        }

        var parameters = type.Parameters.SelectMany(parameter =>
            parameter.Language is null
                ? [$"{parameter.Name}={parameter.Value}"]
                : (string[])[$"{parameter.Name}-language={parameter.Language}", $"{parameter.Name}={parameter.Value}"]
        );
        return $"{type.Type}/{type.Subtype}; {string.Join("; ", parameters.Order(StringComparer.Ordinal))}";
    }

    public static string ExpectedType(JsonElement expected)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            return "nothing";
        }

        var attributes =
            expected.TryGetProperty("attributes", out var given) && given.ValueKind == JsonValueKind.Array
                ? given.EnumerateArray().Select(pair => $"{pair[0].GetString()}={pair[1].GetString()}")
                : [];
        var subtype = expected.GetProperty("c_subtype").GetString();
        return $"{expected.GetProperty("c_type").GetString()}/{subtype}; {string.Join("; ", attributes.Order(StringComparer.Ordinal))}";
    }

    public static string Date(ReadOnlySpan<byte> value) =>
        MailDate.TryParse(value, out var date)
            ? date.UtcDateTime.ToString("s", CultureInfo.InvariantCulture)
            : "nothing";

    public static string ExpectedDate(JsonElement expected)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            return "nothing";
        }

        int Part(string name) => expected.GetProperty(name).GetInt32();
        if (Part("month") > 12 || Part("second") > 60)
        {
            // An asctime date that the corpus' own parser did not know: it wrote month 14, second 226.
            return "no date at all";
        }

        var local = new DateTime(
            Part("year"),
            Part("month"),
            Part("day"),
            Part("hour"),
            Part("minute"),
            Part("second"),
            DateTimeKind.Utc
        );
        var offset = new TimeSpan(Part("tz_hour"), Part("tz_minute"), 0);
        return (expected.GetProperty("tz_before_gmt").GetBoolean() ? local + offset : local - offset).ToString(
            "s",
            CultureInfo.InvariantCulture
        );
    }

    public static string ExpectedList(JsonElement expected) =>
        string.Join('|', expected.EnumerateArray().Select(item => item.GetString()));
}
