using System.Globalization;
using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>Writes one DKIM-Signature field and hashes what it covers (RFC 6376 §3.5, §3.7).</summary>
internal static class SignatureWriter
{
    private const string FieldName = "DKIM-Signature";

    /// <param name="section">The header section of the message.</param>
    /// <param name="options">What to sign with.</param>
    /// <param name="bodyHash">The hash of the canonical body, computed once for all signatures.</param>
    /// <param name="canonical">Scratch.</param>
    /// <param name="fields">Receives the field with its CRLF.</param>
    public static void Write(
        HeaderSection section,
        DkimSigningOptions options,
        byte[] bodyHash,
        PooledBytes canonical,
        PooledBytes fields
    )
    {
        var names = SignedNames.Choose(section, options);
        var start = fields.Length;
        var folded = WriteTags(options, names, bodyHash, fields);

        canonical.Truncate(0);
        AppendSigned(section, names, options.Header, canonical);
        // §3.7: last comes the field itself, its b= empty, without its CRLF.
        HeaderCanonicalizer.Write(options.Header, fields.Written[start..], canonical);

        var signature = options.Key.Sign(SHA256.HashData(canonical.Written));
        folded.Breakable(Convert.ToBase64String(signature));
        fields.Append("\r\n"u8);
    }

    private static FoldedHeader WriteTags(
        DkimSigningOptions options,
        List<SignedName> names,
        byte[] bodyHash,
        PooledBytes fields
    )
    {
        fields.Append("DKIM-Signature:"u8);
        var line = new FoldedHeader(fields, FieldName.Length + 1);
        line.Token("v=1;");
        line.Token($"a={options.Key.Algorithm.TagValue()};");
        line.Token($"c={options.Header.TagValue()}/{options.Body.TagValue()};");
        line.Token($"d={Name(options.Domain, 2, "domain")};");
        line.Token($"s={Name(options.Selector, 1, "selector")};");
        var now = options.Now.ToUnixTimeSeconds();
        if (options.Lifetime < TimeSpan.FromSeconds(1))
        {
            throw new ArgumentException("the lifetime of a signature is at least one second", nameof(options));
        }

        line.Token(string.Create(CultureInfo.InvariantCulture, $"t={now};"));
        line.Token(string.Create(CultureInfo.InvariantCulture, $"x={now + (long)options.Lifetime.TotalSeconds};"));
        WriteNames(names, line);
        line.Token($"bh={Convert.ToBase64String(bodyHash)};");
        line.OnNewLine("b=");
        return line;
    }

    private static void WriteNames(List<SignedName> names, FoldedHeader line)
    {
        for (var i = 0; i < names.Count; i++)
        {
            for (var n = 0; n < names[i].Listed; n++)
            {
                var isLast = i == names.Count - 1 && n == names[i].Listed - 1;
                var text = names[i].Name + (isLast ? ";" : ":");
                if (i + n == 0)
                {
                    line.Token("h=" + text);
                }
                else
                {
                    line.Joined(text);
                }
            }
        }
    }

    /// <summary>§5.4.2: instances of one name from the bottom up; one that does not exist adds nothing (§3.5 h=).</summary>
    private static void AppendSigned(
        HeaderSection section,
        List<SignedName> names,
        Canonicalization mode,
        PooledBytes canonical
    )
    {
        var bytes = section.Bytes.Span;
        foreach (var (name, _, present) in names)
        {
            var left = present;
            for (var i = section.Fields.Count - 1; left > 0; i--)
            {
                var field = section.Fields[i];
                if (field.IsNamed(bytes, name))
                {
                    HeaderCanonicalizer.Write(mode, field.In(bytes), canonical);
                    canonical.Append("\r\n"u8);
                    left--;
                }
            }
        }
    }

    private static string Name(string text, int minLabels, string what) =>
        DomainText.TryNormalize(text, minLabels, out var name)
            ? name
            : throw new ArgumentException($"\"{text}\" is no DKIM {what}", nameof(text));
}
