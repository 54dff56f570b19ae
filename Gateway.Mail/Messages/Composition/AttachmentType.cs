using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>The media type of an attachment in its canonical form: <c>type/subtype; name="value"</c> (RFC 2045 §5.1).</summary>
internal sealed class AttachmentType
{
    private const int MaxLength = 512;
    private const int MaxParameters = 16;

    // RFC 2045 §5.1: token = any ASCII except SPACE, CTLs and tspecials
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"
    );

    private AttachmentType(string mediaType, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        MediaType = mediaType;
        Parameters = parameters;
    }

    /// <summary>Lower case, without parameters.</summary>
    public string MediaType { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; }

    public static bool IsToken(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExcept(Token);

    public static bool TryParse(string? text, out AttachmentType type, out HeaderError error)
    {
        type = new AttachmentType("application/octet-stream", []);
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            error = new(
                "content_type_length",
                $"A content type has 1 to {MaxLength} characters, such as image/png.",
                0
            );
            return false;
        }

        var semicolon = text.IndexOf(';', StringComparison.Ordinal);
        var head = (semicolon < 0 ? text : text[..semicolon]).Trim(' ');
        var slash = head.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IsToken(head.AsSpan(0, slash)) || !IsToken(head.AsSpan(slash + 1)))
        {
            error = new("content_type_malformed", "Write a content type as type/subtype, such as image/png.", 0);
            return false;
        }

        // RFC 2046 §5.1: a multipart has a body of its own structure, which an attachment's bytes are not.
        if (head.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            error = new(
                "content_type_multipart",
                "An attachment is one file, not a multipart; use message/rfc822 for a message.",
                0
            );
            return false;
        }

        var parameters = new List<KeyValuePair<string, string>>();
        var at = semicolon < 0 ? text.Length : semicolon;
        while (at < text.Length)
        {
            if (!TryReadParameter(text, ref at, parameters))
            {
                error = new("content_type_parameter", "Write parameters as ; name=value or ; name=\"value\".", at);
                return false;
            }
        }

        error = default;
        type = new AttachmentType(head.ToLowerInvariant(), parameters);
        return true;
    }

    // From ';' to the next ';' or the end.
    private static bool TryReadParameter(string text, ref int at, List<KeyValuePair<string, string>> parameters)
    {
        at++;
        SkipSpaces(text, ref at);
        if (at == text.Length)
            return true; // a trailing semicolon is common and harmless
        var equals = text.IndexOf('=', at);
        if (equals < 0 || parameters.Count == MaxParameters || !IsToken(text.AsSpan(at, equals - at)))
            return false;

        var name = text[at..equals];
        at = equals + 1;
        if (!TryReadValue(text, ref at, out var value))
            return false;
        SkipSpaces(text, ref at);

        // The composer writes the file's name itself; "name*" and the like are its encoding, not names.
        if (name.Contains('*', StringComparison.Ordinal))
            return false;
        if (!name.Equals("name", StringComparison.OrdinalIgnoreCase))
            parameters.Add(new(name.ToLowerInvariant(), value));
        return at == text.Length || text[at] == ';';
    }

    private static bool TryReadValue(string text, ref int at, out string value)
    {
        value = "";
        if (at == text.Length || text[at] != '"')
        {
            var end = text.AsSpan(at).IndexOfAnyExcept(Token);
            value = end < 0 ? text[at..] : text.Substring(at, end);
            at += value.Length;
            return value.Length > 0;
        }

        var content = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '"')
            {
                at++;
                value = content.ToString();
                return true;
            }

            if (c == '\\' && at + 1 < text.Length)
                c = text[++at];
            if (c is < ' ' or > '~')
                return false;
            content.Append(c);
        }

        return false;
    }

    private static void SkipSpaces(string text, ref int at)
    {
        while (at < text.Length && text[at] == ' ')
            at++;
    }
}
