using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Gateway.Mail.Dkim;

/// <summary>
/// A tag=value list (RFC 6376 §3.2, RFC 8616 §5), read strictly: whatever the grammar does not allow makes the whole
/// list invalid. Ranges are kept so that the signature can be verified with the value of its own b= cut out.
/// </summary>
internal sealed class TagList
{
    /// <summary>A signature has 14 known tags, a key record 7; more than this is no honest header.</summary>
    public const int MaxTags = 64;

    private readonly ReadOnlyMemory<byte> text;
    private readonly Dictionary<string, Range> values = new(StringComparer.Ordinal); // §3.2: names are case-sensitive

    private TagList(ReadOnlyMemory<byte> text) => this.text = text;

    public string? FirstName { get; private set; }

    public static bool TryParse(ReadOnlyMemory<byte> text, out TagList tags, out string problem)
    {
        tags = new TagList(text);
        problem = tags.Read();
        return problem.Length == 0;
    }

    /// <summary>The value without white space around it, as text.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out string? value)
    {
        value = values.TryGetValue(name, out var range)
            ? Encoding.UTF8.GetString(FoldingSpace.Trim(text.Span[range]))
            : null;
        return value is not null;
    }

    /// <summary>The octets between "=" and ";" with all white space around the value.</summary>
    public bool TryGetRange(string name, out Range range) => values.TryGetValue(name, out range);

    /// <summary>The value of a base64 tag; folding white space in it is legal (§3.2).</summary>
    public bool TryGetBase64(string name, out byte[] value)
    {
        value = [];
        return values.TryGetValue(name, out var range) && Base64Value.TryDecode(text.Span[range], out value);
    }

    private string Read()
    {
        var span = text.Span;
        if (!Utf8.IsValid(span))
        {
            return "tag list is not valid UTF-8"; // RFC 8616 §5
        }

        if (FoldingSpace.Trim(span).IsEmpty)
        {
            return "tag list is empty";
        }

        var at = 0;
        while (at < span.Length)
        {
            var semicolon = span[at..].IndexOf((byte)';');
            var end = semicolon < 0 ? span.Length : at + semicolon;
            var spec = span[at..end];
            if (semicolon < 0 && values.Count > 0 && FoldingSpace.Trim(spec).IsEmpty)
            {
                break; // §3.2: the last tag may have a ";" behind it.
            }

            if (ReadSpec(spec, at) is { Length: > 0 } problem)
            {
                return problem;
            }

            at = end + 1;
        }

        return "";
    }

    private string ReadSpec(ReadOnlySpan<byte> spec, int offset)
    {
        var equals = spec.IndexOf((byte)'=');
        if (equals < 0)
        {
            return "tag without \"=\"";
        }

        var name = FoldingSpace.Trim(spec[..equals]);
        if (!IsName(name))
        {
            return "malformed tag name";
        }

        if (!IsValue(spec[(equals + 1)..]))
        {
            return "octet not allowed in a tag value";
        }

        if (values.Count == MaxTags)
        {
            return $"more than {MaxTags} tags";
        }

        var key = Encoding.ASCII.GetString(name);
        FirstName ??= key;
        // §3.2: tags with duplicate names must not occur; the entire list is then invalid.
        return values.TryAdd(key, new Range(offset + equals + 1, offset + spec.Length)) ? "" : "duplicate tag " + key;
    }

    // §3.2: tag-name = ALPHA *(ALPHA / DIGIT / "_")
    private static bool IsName(ReadOnlySpan<byte> name)
    {
        foreach (var octet in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != '_')
            {
                return false;
            }
        }

        return !name.IsEmpty && char.IsAsciiLetter((char)name[0]);
    }

    // §3.2: VALCHAR and FWS; RFC 8616 §5 adds everything above ASCII. A ";" cannot be here.
    private static bool IsValue(ReadOnlySpan<byte> value)
    {
        for (var at = 0; at < value.Length; at++)
        {
            var octet = value[at];
            if (octet is < 0x21 or 0x7F && !FoldingSpace.StartsAt(value, at))
            {
                return false;
            }
        }

        return true;
    }
}
