using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Messages;

/// <summary>
/// Unstructured header text (RFC 5322 §3.2.5): any Unicode without control characters (the tab is allowed). CR, LF and
/// NUL cannot be held, so what holds a HeaderText cannot begin another header.
/// </summary>
public sealed record HeaderText
{
    /// <summary>In UTF-16 units; as encoded-words it stays below 64 KiB.</summary>
    public const int MaxLength = 8_192;

    private HeaderText(string value) => Value = value;

    /// <summary>The text as people read it.</summary>
    public string Value { get; }

    /// <summary>Checks a text; nothing is ever stripped or replaced.</summary>
    public static bool TryCreate(string? value, [NotNullWhen(true)] out HeaderText? text, out HeaderError error)
    {
        text = null;
        if (!TryCheck(value, MaxLength, out error))
            return false;
        text = new HeaderText(value ?? "");
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    internal static bool TryCheck(ReadOnlySpan<char> value, int maxLength, out HeaderError error)
    {
        error = default;
        if (value.Length > maxLength)
            error = new("text_too_long", $"At most {maxLength} characters are accepted here.", maxLength);
        else if (value.IndexOfAny(Controls) is var control and >= 0)
            error = new(
                "control_character",
                "No line break, NUL or other control character is accepted here.",
                control
            );
        else if (LoneSurrogate(value) is var half and >= 0)
            error = new("not_unicode", "The text holds half of a surrogate pair.", half);
        return error.Code is null;
    }

    private static int LoneSurrogate(ReadOnlySpan<char> value)
    {
        for (var i = value.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
                continue;
            if (i + 1 == value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
                return i;
            i++;
        }

        return -1;
    }

    private static readonly SearchValues<char> Controls = SearchValues.Create(
        "\0\x01\x02\x03\x04\x05\x06\a\b\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"
    );
}
