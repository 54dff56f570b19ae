using System.Text.Json;
using Gateway.Submissions;

namespace Gateway.Api.Acceptance;

/// <summary>Cuts <c>{"messages": […]}</c> into its items without reading them: each keeps the bytes it was given as.</summary>
internal static class BatchReader
{
    /// <exception cref="JsonException">The body is not such an object.</exception>
    public static List<byte[]> Split(byte[] body)
    {
        // One level for the object, one for the list: an item has the depth that it has alone.
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MessageJson.MaxDepth + 2 });
        Expect(ref reader, JsonTokenType.StartObject);
        Expect(ref reader, JsonTokenType.PropertyName);
        if (!reader.ValueTextEquals("messages"u8))
        {
            throw new JsonException(
                $"The property '{reader.GetString()}' could not be mapped: a batch has only 'messages'",
                "$." + reader.GetString(),
                null,
                null
            );
        }

        Expect(ref reader, JsonTokenType.StartArray);
        var items = new List<byte[]>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (items.Count <= MessageLimits.BatchItems)
            {
                items.Add(body[start..(int)reader.BytesConsumed]);
            }
        }

        Expect(ref reader, JsonTokenType.EndObject);
        if (reader.Read())
        {
            throw new JsonException("there is something after the end of the batch");
        }

        return items;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (!reader.Read() || reader.TokenType != token)
        {
            throw new JsonException("could not be converted: a batch is {\"messages\": [ … ]}", "$", null, null);
        }
    }
}
