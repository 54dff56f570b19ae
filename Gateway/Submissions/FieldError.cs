namespace Gateway.Submissions;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Code">Stable and machine-readable.</param>
/// <param name="Field">As in the JSON: <c>attachments[0].content</c>.</param>
/// <param name="Value">What was given, cut to a readable length.</param>
/// <param name="Accepted">What would be accepted, in plain words.</param>
public sealed record FieldError(string Code, string Field, string? Value, string Accepted)
{
    private const int ReadableLength = 100;

    /// <summary>A field's name may be the caller's own, as long as the request.</summary>
    private const int ReadableField = 200;

    public static FieldError Of(string code, string field, string? value, string accepted) =>
        new(code, Shorten(field, ReadableField), value is null ? null : Shorten(value, ReadableLength), accepted);

    /// <summary>The field as far as people read it.</summary>
    public static string ShortenField(string field) => Shorten(field, ReadableField);

    /// <summary>Never between the halves of a surrogate pair: half of one is no text.</summary>
    private static string Shorten(string text, int length) =>
        text.Length <= length ? text
        : char.IsHighSurrogate(text[length - 1]) ? text[..(length - 1)] + "…"
        : text[..length] + "…";
}
