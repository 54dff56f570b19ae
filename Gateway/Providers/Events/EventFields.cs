using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.Providers.Events;

/// <summary>
/// Reads fields of a stranger's JSON: what has another type than it should is absent, and names are matched as each
/// provider writes them.
/// </summary>
internal static class EventFields
{
    /// <summary>Deeper than any provider nests; a stack is not spent on more.</summary>
    public static readonly JsonDocumentOptions Limits = new() { MaxDepth = 32 };

    /// <summary>The latest time that a ledger's id can tell; later ones are nonsense.</summary>
    private const double LastSecond = 253_402_300_799;

    public static JsonElement? Child(this JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } at && at.TryGetProperty(name, out var value) ? value : null;

    public static JsonElement? Child(this JsonElement parent, string name) => Child((JsonElement?)parent, name);

    /// <summary>Text, or a number as it is written; null for all else, and for the empty text.</summary>
    public static string? Text(this JsonElement? value) =>
        value switch
        {
            { ValueKind: JsonValueKind.String } text => Decoded(text) is { Length: > 0 } said ? said : null,
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            _ => null,
        };

    public static string? Text(this JsonElement parent, string name) => parent.Child(name).Text();

    public static string? Text(this JsonElement? parent, string name) => parent.Child(name).Text();

    /// <summary>True for true and for 1, as number or text.</summary>
    public static bool IsTrue(this JsonElement? value) =>
        value is { ValueKind: JsonValueKind.True } || value.Text() is "1" or "true" or "True";

    /// <summary>By its name in any case: providers differ in theirs from sample to sample.</summary>
    public static JsonElement? AnyCase(this JsonElement? parent, string name)
    {
        if (parent is not { ValueKind: JsonValueKind.Object } at)
        {
            return null;
        }

        foreach (var field in at.EnumerateObject())
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return field.Value;
            }
        }

        return null;
    }

    /// <summary>Elements of an array; of anything else, none.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    /// <summary>
    /// Bytes of base64 in its one proper form (RFC 4648 §3.5): letters that decode alike are a change all the same.
    /// </summary>
    public static byte[]? Base64(string? text)
    {
        if (text is not { Length: > 0 })
        {
            return null;
        }

        var bytes = new byte[text.Length];
        return
            Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text
            ? bytes[..length]
            : null;
    }

    /// <summary>Seconds since 1970, whole or with a fraction.</summary>
    public static DateTimeOffset? UnixTime(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds is > 0 and < LastSecond
            ? DateTimeOffset.UnixEpoch + TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : null;

    /// <summary>ISO 8601 with any fraction, in UTC or with an offset.</summary>
    public static DateTimeOffset? IsoTime(string? text) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : null;

    /// <summary>The enhanced status (RFC 3463) that stands for itself or at the head of a reply.</summary>
    public static string? StatusIn(string? text)
    {
        var words = (text ?? "").Split([' ', '-', ';'], 5, StringSplitOptions.RemoveEmptyEntries);
        foreach (var word in words.Take(4))
        {
            if (Mail.Smtp.EnhancedStatus.TryParse(word, out var status))
            {
                return status.ToString();
            }
        }

        return null;
    }

    /// <summary>A name for an event that its provider gives none: the same for each copy.</summary>
    public static string NameOf(params ReadOnlySpan<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{part?.Length ?? -1}:{part}"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()[..16]);
    }

    public static Dictionary<string, string> Facts(params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        var told = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in facts)
        {
            if (value is { Length: > 0 })
            {
                told[name] = value;
            }
        }

        return told;
    }

    /// <summary>Ids as they came back. The attempt counts only where it is one of that delivery.</summary>
    public static (Guid? Delivery, int? Attempt) Ours(string? delivery, string? attempt)
    {
        if (!Guid.TryParseExact(delivery, "D", out var id))
        {
            return (null, null);
        }

        return CarriedIds.TryRead(delivery, delivery, attempt, out var ids) ? (id, ids.Attempt) : (id, null);
    }

    /// <summary>Half a surrogate pair is legal in JSON and no text.</summary>
    private static string? Decoded(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
