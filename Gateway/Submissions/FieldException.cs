using System.Text.Json;

namespace Gateway.Submissions;

/// <summary>What a converter refuses in its value; the reader adds the path of that value.</summary>
/// <param name="code">Stable and machine-readable.</param>
/// <param name="below">From the value to the blamed field, such as <c>.email</c>; empty for the value itself.</param>
/// <param name="message">What is wrong.</param>
/// <param name="accepted">What would be accepted.</param>
public sealed class FieldException(string code, string below, string message, string accepted) : JsonException(message)
{
    public string Code { get; } = code;
    public string Below { get; } = below;
    public string Accepted { get; } = accepted;
}
