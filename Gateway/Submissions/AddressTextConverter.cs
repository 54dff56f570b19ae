using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Submissions;

/// <summary>Reads <c>"Name &lt;a@b&gt;"</c> or <c>{"email": …, "name": …}</c>.</summary>
internal sealed class AddressTextConverter : JsonConverter<AddressText>
{
    public override AddressText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new AddressText(reader.GetString()!, Name: null, IsApart: false);
            case JsonTokenType.StartObject:
                return ReadApart(ref reader);
            default:
                throw new JsonException("an address is \"Name <a@b.example>\" or {\"email\": …, \"name\": …}");
        }
    }

    public override void Write(Utf8JsonWriter writer, AddressText value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    private static AddressText ReadApart(ref Utf8JsonReader reader)
    {
        string? email = null;
        string? name = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var property = reader.GetString();
            reader.Read();
            if (
                reader.TokenType is not JsonTokenType.String
                && !(property == "name" && reader.TokenType is JsonTokenType.Null)
            )
            {
                throw new JsonException($"'{property}' of an address must be a string");
            }

            switch (property)
            {
                case "email" when email is null:
                    email = reader.GetString();
                    break;
                case "name" when name is null:
                    name = reader.GetString();
                    break;
                case "email" or "name":
                    throw new JsonException($"'{property}' of an address is given twice");
                default:
                    throw new JsonException($"an address has no '{property}'; it has email and name");
            }
        }

        return email is null
            ? throw new JsonException("an address in parts needs 'email'")
            : new AddressText(email, name, IsApart: true);
    }
}

/// <summary><c>reply_to</c> may be one address or a list.</summary>
internal sealed class OneOrManyAddresses : JsonConverter<IReadOnlyList<AddressText>>
{
    private static readonly AddressTextConverter One = new();

    public override IReadOnlyList<AddressText> Read(
        ref Utf8JsonReader reader,
        Type typeToConvert,
        JsonSerializerOptions options
    )
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return [One.Read(ref reader, typeof(AddressText), options)];
        }

        var all = new List<AddressText>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            all.Add(One.Read(ref reader, typeof(AddressText), options));
        }

        return all;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<AddressText> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var address in value)
        {
            One.Write(writer, address, options);
        }

        writer.WriteEndArray();
    }
}
