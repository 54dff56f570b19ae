namespace Gateway.Submissions;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Code">Stable and machine-readable.</param>
/// <param name="Field">As in the JSON: <c>attachments[0].content</c>.</param>
/// <param name="Value">What was given, cut to a readable length.</param>
/// <param name="Accepted">What would be accepted, in plain words.</param>
public sealed record FieldError(string Code, string Field, string? Value, string Accepted)
{
    private const int ReadableLength = 100;

    public static FieldError Of(string code, string field, string? value, string accepted) =>
        new(code, field, value is { Length: > ReadableLength } ? value[..ReadableLength] + "…" : value, accepted);
}
