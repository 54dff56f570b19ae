namespace Gateway.Mail.Dkim;

/// <summary>How bytes are brought into one form before hashing (RFC 6376 §3.4).</summary>
public enum Canonicalization
{
    /// <summary>Almost no change is survived (RFC 6376 §3.4.1, §3.4.3).</summary>
    Simple,

    /// <summary>Changes of white space, folding and the case of header names are survived (§3.4.2, §3.4.4).</summary>
    Relaxed,
}

internal static class CanonicalizationNames
{
    public static string TagValue(this Canonicalization mode) => mode == Canonicalization.Simple ? "simple" : "relaxed";

    public static bool TryParse(ReadOnlySpan<char> text, out Canonicalization mode)
    {
        mode = text is "relaxed" ? Canonicalization.Relaxed : Canonicalization.Simple;
        return text is "relaxed" or "simple";
    }
}
