namespace Gateway.Providers;

/// <summary>One setting of a path that cannot be used, whoever tells it: the log of a host or the answer of a door.</summary>
/// <param name="Setting">As it is named below the path, such as <c>Domains:gmail.com:Rate</c>.</param>
/// <param name="Value">What stands there; null where it must not be shown or is absent.</param>
/// <param name="Accepted">What would be accepted, in plain words.</param>
public sealed record SettingProblem(string Setting, string? Value, string Accepted)
{
    private const string Is = " is ";
    private const string MustBe = "; it must be ";

    public override string ToString() =>
        Value is null ? $"{Setting}: {Accepted}" : $"{Setting}{Is}'{Value}'{MustBe}{Accepted}";

    /// <summary>The parts of a sentence as providers write it, <c>Port is 0; it must be 1 to 65535</c>; null for any other.</summary>
    public static SettingProblem? Of(string sentence)
    {
        var name = sentence.IndexOf(Is, StringComparison.Ordinal);
        var value = sentence.LastIndexOf(MustBe, StringComparison.Ordinal);
        return name < 1 || value < name + Is.Length || sentence.IndexOf(' ', StringComparison.Ordinal) < name
            ? null
            : new SettingProblem(
                sentence[..name],
                sentence[(name + Is.Length)..value] is var text and not "empty" ? text.Trim('\'') : null,
                sentence[(value + MustBe.Length)..]
            );
    }
}
