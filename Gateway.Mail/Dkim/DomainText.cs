using System.Globalization;

namespace Gateway.Mail.Dkim;

/// <summary>Domain names of d=, s= and i=, brought to lower-case A-labels (RFC 8616 §5) so that they compare and resolve.</summary>
internal static class DomainText
{
    private const int MaxName = 253; // RFC 1035 §2.3.4 less the root
    private const int MaxLabel = 63;
    private static readonly IdnMapping Idn = new() { AllowUnassigned = true };

    /// <summary>False if the text is no domain name of at least <paramref name="minLabels"/> labels.</summary>
    public static bool TryNormalize(string text, int minLabels, out string name)
    {
        name = text;
        if (text.Length > MaxName || (!IsAscii(text) && !TryToALabels(text, out name)))
        {
            return false;
        }

        name = name.ToLowerInvariant();
        var labels = name.Split('.');
        return name.Length <= MaxName && labels.Length >= minLabels && Array.TrueForAll(labels, IsLabel);
    }

    /// <summary>Both in normal form. True if <paramref name="name"/> is the domain itself or below it.</summary>
    public static bool IsSameOrBelow(string name, string domain) =>
        name.EndsWith(domain, StringComparison.Ordinal)
        && (name.Length == domain.Length || name[name.Length - domain.Length - 1] == '.');

    // RFC 5321 sub-domain; the underscore is not in that grammar but is in names that real signers publish under.
    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel
        && label[0] != '-'
        && label[^1] != '-'
        && label.AsSpan().IndexOfAnyExcept(LabelChars) < 0;

    private static readonly System.Buffers.SearchValues<char> LabelChars = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789-_"
    );

    private static bool IsAscii(string text) => System.Text.Ascii.IsValid(text);

    private static bool TryToALabels(string text, out string name)
    {
        try
        {
            name = Idn.GetAscii(text);
            return true;
        }
        catch (ArgumentException) // The only way in which this API says that a name is not one.
        {
            name = text;
            return false;
        }
    }
}
