using System.Text.Json;
using Gateway.Submissions;

namespace Gateway.Api.Acceptance;

/// <summary>Cuts <c>{"messages": […]}</c> into its items without reading them: each keeps the bytes it was given as.</summary>
internal static class BatchReader
{
    private const string Messages = "messages";
    private const string Accepted = "{\"messages\": [ … ]} and nothing else";

    /// <exception cref="JsonException">The body is not such an object.</exception>
    public static List<byte[]> Split(byte[] body)
    {
        // One level for the object, one for the list: an item has the depth that it has alone.
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MessageJson.MaxDepth + 2 });
        Expect(ref reader, JsonTokenType.StartObject, "");
        List<byte[]>? items = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (name != Messages)
            {
                throw new FieldException("unknown_field", name, "There is no such field.", Accepted);
            }

            items = items is null
                ? ReadItems(ref reader, body)
                : throw new FieldException("duplicate_field", Messages, "The field is given twice.", "each once");
        }

        return reader.Read()
            ? throw new JsonException("there is something after the end of the batch")
            : items ?? throw new FieldException("required", Messages, "The messages are missing.", Accepted);
    }

    private static List<byte[]> ReadItems(ref Utf8JsonReader reader, byte[] body)
    {
        Expect(ref reader, JsonTokenType.StartArray, Messages);
        var items = new List<byte[]>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();

            // One more than is accepted tells that they are too many.
            if (items.Count <= MessageLimits.BatchItems)
            {
                items.Add(body[start..(int)reader.BytesConsumed]);
            }
        }

        return items;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string field)
    {
        if (!reader.Read() || reader.TokenType != token)
        {
            throw new FieldException("wrong_type", field, "The value has the wrong type.", Accepted);
        }
    }
}
