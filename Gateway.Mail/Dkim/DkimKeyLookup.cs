namespace Gateway.Mail.Dkim;

/// <summary>The answer of DNS for <c>selector._domainkey.domain</c> TXT (RFC 6376 §6.1.2).</summary>
public readonly record struct DkimKeyLookup
{
    private DkimKeyLookup(IReadOnlyList<string>? records, bool isTemporary)
    {
        Records = records ?? [];
        IsTemporary = isTemporary;
    }

    /// <summary>No such name, or no TXT record there. For good.</summary>
    public static DkimKeyLookup None { get; } = new(null, isTemporary: false);

    /// <summary>DNS gave no answer. The caller may try later.</summary>
    public static DkimKeyLookup TempError { get; } = new(null, isTemporary: true);

    internal IReadOnlyList<string> Records { get; }

    internal bool IsTemporary { get; }

    /// <summary>The records, each with its character-strings joined without anything between (§3.6.2.2).</summary>
    public static DkimKeyLookup Found(params IReadOnlyList<string> records) => new(records, isTemporary: false);
}
