using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Subscriptions;

/// <summary>
/// The body of a webhook: <c>{"type", "timestamp", "data"}</c> (Standard Webhooks 1.0), never above its limit. A reply
/// that is too long is cut, with a mark, and so is whatever else is; the whole stands in <c>GET /v1/messages/{id}</c>.
/// </summary>
public static class WebhookPayload
{
    /// <summary>The specification's advice: below 20 kB.</summary>
    public const int MaxBytes = 20_000;

    public const string CutMark = "… (cut)";

    /// <summary>Characters left of each text, tried in turn until the whole fits.</summary>
    private static readonly int[] Lengths = [8_000, 4_000, 2_000, 1_000, 300, 100, 30];

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Readable = new() { Encoder = Writing.Encoder };

    public static byte[] Write(WebhookEvent told)
    {
        var body = Write(told, told.Data);
        if (body.Length <= MaxBytes || told.Data is null)
        {
            return body;
        }

        if (JsonNode.Parse(told.Data) is JsonObject fields)
        {
            fields["cut"] = true;
            foreach (var length in Lengths)
            {
                CutTexts(fields, length);
                body = Write(told, fields.ToJsonString(Readable));
                if (body.Length <= MaxBytes)
                {
                    return body;
                }
            }
        }

        return Write(told, """{"cut":true}""");
    }

    private static byte[] Write(WebhookEvent told, string? data)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + (data?.Length ?? 0));
        using var json = new Utf8JsonWriter(buffer, Writing);
        json.WriteStartObject();
        json.WriteString("type", told.Type);
        json.WriteString(
            "timestamp",
            told.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
        );
        json.WriteStartObject("data");
        json.WriteString("id", told.Id);
        json.WriteString("type", told.Type);
        WriteId(json, "message_id", told.MessageId);
        WriteId(json, "delivery_id", told.DeliveryId);
        json.WriteString("recipient", told.Recipient);
        if (told.Sequence is { } sequence)
        {
            json.WriteNumber("sequence", sequence);
        }
        else
        {
            json.WriteNull("sequence");
        }

        json.WriteString("state", told.State);
        json.WriteString("at", told.At);
        json.WritePropertyName("data");
        json.WriteRawValue(data ?? "null");
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteId(Utf8JsonWriter json, string name, Guid? id)
    {
        if (id is { } known)
        {
            json.WriteString(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void CutTexts(JsonNode node, int length)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToList())
                {
                    if (Shorter(value, length) is { } cut)
                    {
                        fields[name] = cut;
                    }
                }

                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    if (Shorter(items[i], length) is { } cut)
                    {
                        items[i] = cut;
                    }
                }

                break;
        }
    }

    /// <summary>The text's beginning with the mark; null where there is nothing to cut here.</summary>
    private static string? Shorter(JsonNode? value, int length)
    {
        if (value is JsonObject or JsonArray)
        {
            CutTexts(value, length);
            return null;
        }

        if (
            value?.GetValueKind() != JsonValueKind.String
            || value.GetValue<string>() is not { } text
            || text.Length <= length
        )
        {
            return null;
        }

        // The mark of a longer cut goes with the rest; half of a surrogate pair is no text.
        var end = char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
        return new StringBuilder(text, 0, end, end + CutMark.Length).Append(CutMark).ToString();
    }
}
