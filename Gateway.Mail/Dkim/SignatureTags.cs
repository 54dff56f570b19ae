using System.Globalization;
using System.Text;

namespace Gateway.Mail.Dkim;

/// <summary>
/// A DKIM-Signature field, read and checked for itself (RFC 6376 §3.5, §6.1.1). <see cref="Problem"/> says what is
/// wrong; what could be read before that is kept for the report.
/// </summary>
internal sealed class SignatureTags
{
    /// <summary>Octets of one field; h= with every known header name twice fits many times.</summary>
    public const int MaxLength = 16 * 1024;

    public string Problem { get; private set; } = "";
    public string Algorithm { get; private set; } = "";
    public string Domain { get; private set; } = "";
    public string Selector { get; private set; } = "";
    public string Identity { get; private set; } = "";
    public string IdentityDomain { get; private set; } = "";
    public Canonicalization Header { get; private set; }
    public Canonicalization Body { get; private set; }
    public string[] SignedNames { get; private set; } = [];
    public byte[] BodyHash { get; private set; } = [];
    public byte[] Signature { get; private set; } = [];
    public long? BodyLength { get; private set; }
    public long? SignedAt { get; private set; }
    public long? ExpiresAt { get; private set; }

    /// <summary>The value of b= within the field, with the white space around it.</summary>
    public Range SignatureValue { get; private set; }

    public static SignatureTags Read(ReadOnlyMemory<byte> field)
    {
        var read = new SignatureTags();
        read.Problem = read.ReadField(field);
        return read;
    }

    private string ReadField(ReadOnlyMemory<byte> field)
    {
        if (field.Length > MaxLength)
        {
            return $"signature field is longer than {MaxLength} octets";
        }

        var valueStart = field.Span.IndexOf((byte)':') + 1;
        if (!TagList.TryParse(field[valueStart..], out var tags, out var problem))
        {
            return problem;
        }

        if (tags.TryGetRange("b", out var range))
        {
            SignatureValue = new Range(range.Start.Value + valueStart, range.End.Value + valueStart);
        }

        return ReadNames(tags) ?? ReadMethods(tags) ?? ReadNumbers(tags) ?? ReadHashes(tags) ?? "";
    }

    private string? ReadNames(TagList tags)
    {
        Algorithm = tags.TryGet("a", out var algorithm) ? algorithm : "";
        Identity = tags.TryGet("i", out var identity) ? identity : "";
        if (!tags.TryGet("d", out var domain) || !DomainText.TryNormalize(domain, 2, out var normalDomain))
        {
            return "d= is missing or no domain";
        }

        Domain = normalDomain;
        if (!tags.TryGet("s", out var selector) || !DomainText.TryNormalize(selector, 1, out var normalSelector))
        {
            return "s= is missing or no selector";
        }

        Selector = normalSelector;
        IdentityDomain = Domain;
        if (identity is null)
        {
            return null;
        }

        var at = identity.LastIndexOf('@');
        // §3.5 i=: an optional local part, "@", and d= itself or a domain below it.
        if (at < 0 || !DomainText.TryNormalize(identity[(at + 1)..], 2, out var identityDomain))
        {
            return "i= is no identity";
        }

        IdentityDomain = identityDomain;
        return DomainText.IsSameOrBelow(identityDomain, Domain) ? null : "i= is not within d=";
    }

    private string? ReadMethods(TagList tags)
    {
        if (!tags.TryGet("v", out var version) || version != "1")
        {
            return "v= is not 1"; // §3.5 v=, §6.1.1
        }

        if (Algorithm is not ("rsa-sha256" or "ed25519-sha256" or "rsa-sha1"))
        {
            return Algorithm.Length == 0 ? "a= is missing" : "unknown a=";
        }

        // §3.5 c=: simple/simple by default; one name is for the header and leaves the body at simple.
        var methods = tags.TryGet("c", out var canonicalization) ? canonicalization : "simple";
        var slash = methods.IndexOf('/');
        if (
            !CanonicalizationNames.TryParse(slash < 0 ? methods : methods.AsSpan(0, slash), out var header)
            || !CanonicalizationNames.TryParse(slash < 0 ? "simple" : methods.AsSpan(slash + 1), out var body)
        )
        {
            return "unknown c=";
        }

        Header = header;
        Body = body;
        // §3.5 q=: only dns/txt exists.
        return tags.TryGet("q", out var query) && !FoldingSpace.SplitList(query).Contains("dns/txt")
            ? "unknown q="
            : null;
    }

    private string? ReadNumbers(TagList tags)
    {
        if (
            !TryReadNumber(tags, "l", 76, out var length)
            || !TryReadNumber(tags, "t", 12, out var signedAt)
            || !TryReadNumber(tags, "x", 12, out var expiresAt)
        )
        {
            return "l=, t= or x= is no number";
        }

        BodyLength = length;
        SignedAt = signedAt;
        ExpiresAt = expiresAt;
        return expiresAt <= signedAt ? "x= is not after t=" : null; // §3.5 x=
    }

    private string? ReadHashes(TagList tags)
    {
        if (!tags.TryGet("h", out var names))
        {
            return "h= is missing";
        }

        SignedNames = FoldingSpace.SplitList(names);
        if (
            Array.Exists(
                SignedNames,
                name => !Ascii.IsValid(name) || name.AsSpan().IndexOfAny(" \t\r\n") >= 0 || name.Length == 0
            )
        )
        {
            return "h= holds what is no header name";
        }

        if (!SignedNames.Contains("from", StringComparer.OrdinalIgnoreCase))
        {
            return "From is not signed"; // §6.1.1
        }

        if (!tags.TryGetBase64("bh", out var bodyHash) || bodyHash.Length == 0)
        {
            return "bh= is missing or not base64";
        }

        if (!tags.TryGetBase64("b", out var signature) || signature.Length == 0)
        {
            return "b= is missing or not base64";
        }

        BodyHash = bodyHash;
        Signature = signature;
        return null;
    }

    /// <summary>True without a value if the tag is absent. A number beyond 63 bits stands for the largest.</summary>
    private static bool TryReadNumber(TagList tags, string name, int maxDigits, out long? value)
    {
        value = null;
        if (!tags.TryGet(name, out var text))
        {
            return true;
        }

        if (text.Length == 0 || text.Length > maxDigits || text.AsSpan().IndexOfAnyExceptInRange('0', '9') >= 0)
        {
            return false;
        }

        value = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : long.MaxValue;
        return true;
    }
}
