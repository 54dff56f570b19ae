namespace Gateway.Mail.Dkim;

/// <summary>What a valid signature leaves open to change (RFC 6376 §8.2, §8.15).</summary>
internal static class Coverage
{
    /// <summary>Headers that a reader sees, that decide how the body is shown, or that a client acts on.</summary>
    private static readonly string[] Watched = [.. DkimSigningOptions.DefaultOversigned, "Sender"];

    public static DkimVerdict Describe(SignedMessage message, SignatureTags tags, DkimVerdict verdict)
    {
        var listed = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in tags.SignedNames)
        {
            listed[name] = listed.GetValueOrDefault(name) + 1;
        }

        return verdict with
        {
            UncoveredHeaders = [.. Watched.Where(name => message.CountNamed(name) > listed.GetValueOrDefault(name))],
            AddableHeaders = [.. Watched.Where(name => message.CountNamed(name) >= listed.GetValueOrDefault(name))],
        };
    }
}
