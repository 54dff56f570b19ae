using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>One name of h=: how often it is listed, and how many fields of it the message has.</summary>
internal readonly record struct SignedName(string Name, int Listed, int Present);

/// <summary>Decides the h= tag of a new signature.</summary>
internal static class SignedNames
{
    // RFC 5322 §3.6.8 ftext, less ";" which would end the tag (RFC 6376 §2.11).
    private static readonly SearchValues<char> NameChars = SearchValues.Create([
        .. Enumerable.Range(33, 94).Select(c => (char)c).Except([':', ';']),
    ]);

    public static List<SignedName> Choose(HeaderSection section, DkimSigningOptions options)
    {
        var names = new List<SignedName>(options.Oversigned.Count + options.SignedIfPresent.Count);
        foreach (var name in options.Oversigned)
        {
            var present = Count(section, name);
            names.Add(new SignedName(name, present + 1, present));
        }

        foreach (var name in options.SignedIfPresent)
        {
            if (Count(section, name) is > 0 and var present)
            {
                names.Add(new SignedName(name, present, present));
            }
        }

        Validate(names);
        return names;
    }

    private static int Count(HeaderSection section, string name)
    {
        var bytes = section.Bytes.Span;
        var count = 0;
        foreach (var field in section.Fields)
        {
            count += field.IsNamed(bytes, name) ? 1 : 0;
        }

        return count;
    }

    private static void Validate(List<SignedName> names)
    {
        var hasFrom = false;
        foreach (var (name, _, _) in names)
        {
            hasFrom |= name.Equals("From", StringComparison.OrdinalIgnoreCase);
            if (name.Length == 0 || name.AsSpan().IndexOfAnyExcept(NameChars) >= 0)
            {
                throw new ArgumentException($"\"{name}\" is no header field name", nameof(names));
            }
        }

        if (!hasFrom)
        {
            throw new ArgumentException("From must be signed (RFC 6376 §5.4)", nameof(names));
        }
    }
}
