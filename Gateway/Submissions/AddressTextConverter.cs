using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Submissions;

/// <summary>Reads <c>"Name &lt;a@b&gt;"</c> or <c>{"email": …, "name": …}</c>.</summary>
internal sealed class AddressTextConverter : JsonConverter<AddressText>
{
    private const string Accepted = "\"Name <a@b.example>\" or {\"email\": …, \"name\": …}";

    public override AddressText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new AddressText(reader.GetString()!, Name: null, IsApart: false);
            case JsonTokenType.StartObject:
                return ReadApart(ref reader);
            default:
                throw new FieldException("wrong_type", "", "The value is not an address.", Accepted);
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
            switch (property)
            {
                case "email" when email is null:
                    email = ReadText(ref reader, ".email");
                    break;
                case "name" when name is null:
                    name = reader.TokenType is JsonTokenType.Null ? null : ReadText(ref reader, ".name");
                    break;
                case "email" or "name":
                    throw new FieldException(
                        "duplicate_field",
                        $".{property}",
                        "The field is given twice.",
                        "each once"
                    );
                default:
                    throw new FieldException("unknown_field", $".{property}", "There is no such field.", Accepted);
            }
        }

        return email is null
            ? throw new FieldException("required", ".email", "The address itself is missing.", Accepted)
            : new AddressText(email, name, IsApart: true);
    }

    private static string ReadText(ref Utf8JsonReader reader, string field) =>
        reader.TokenType is JsonTokenType.String
            ? reader.GetString()!
            : throw new FieldException("wrong_type", field, "The value has the wrong type.", "a string");
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
