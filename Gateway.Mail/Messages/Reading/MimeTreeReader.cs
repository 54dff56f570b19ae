using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Builds the tree in one pass from front to back. Not recursive (a stack overflow ends the process); each byte is
/// looked at a fixed number of times, and a line that looks like a boundary once for each open multipart.
/// </summary>
internal sealed class MimeTreeReader
{
    private readonly ReadOnlyMemory<byte> message;
    private readonly MimeLimits limits;
    private readonly List<MimeDefect> defects = [];
    private readonly BoundaryStack open;
    private readonly HeaderSectionReader headerSections;
    private MimeRefusal? refusal;
    private int parts;

    public MimeTreeReader(ReadOnlyMemory<byte> message, MimeLimits limits)
    {
        this.message = message;
        this.limits = limits;
        open = new BoundaryStack(defects);
        headerSections = new HeaderSectionReader(message, limits, defects);
    }

    public MimeMessage Read()
    {
        var at = 0;
        var root = ReadEntity(ref at);
        var part = root;
        while (refusal is null)
        {
            // RFC 2046 §5.2.1: the body of a message/rfc822 is a message; it begins at once.
            var enclosed = Enter(part);
            if (refusal is not null || (!enclosed && !ToNextPart(ref at)))
            {
                break;
            }

            part = ReadEntity(ref at);
        }

        open.CloseAbove(-1, message.Length);
        return new MimeMessage(message, root, defects, refusal);
    }

    private MimePart ReadEntity(ref int at)
    {
        var start = at;
        var headers = headerSections.Read(start, open, out var headerEnd, out at);
        var parent = open.Top;
        var part = new MimePart(message, headers, (start, headerEnd, at), TypeOf(headers, parent));
        parent?.Add(part);
        refusal ??= headerSections.Refusal;
        if (++parts > limits.MaxParts)
        {
            refusal ??= new MimeRefusal(MimeLimit.Parts, limits.MaxParts, start);
        }

        return part;
    }

    /// <summary>Puts the part on the stack; true if an enclosed message begins right here.</summary>
    private bool Enter(MimePart part)
    {
        var type = part.ContentType;
        if (!type.IsMultipart && !type.IsMessage)
        {
            open.Push(part);
            return false;
        }

        if (open.Count >= limits.MaxDepth)
        {
            refusal = new MimeRefusal(MimeLimit.Depth, limits.MaxDepth, part.Start);
            return false;
        }

        // RFC 2045 §6.4: a composite may only be 7bit, 8bit or binary.
        var encoded = part.TransferEncoding is PartEncoding.Base64 or PartEncoding.QuotedPrintable;
        if (encoded)
        {
            defects.Add(new MimeDefect(MimeDefectKind.EncodedComposite, part.Start));
        }

        if (type.IsMessage)
        {
            open.Push(part);
            return !encoded;
        }

        EnterMultipart(part);
        return false;
    }

    private void EnterMultipart(MimePart part)
    {
        // RFC 2046 §5.1.1: a boundary never ends with white space.
        var boundary = part.ContentType.Parameter("boundary")?.TrimEnd();
        if (string.IsNullOrEmpty(boundary))
        {
            defects.Add(new MimeDefect(MimeDefectKind.NoBoundary, part.Start));
            open.Push(part);
        }
        else
        {
            open.Push(part, Encoding.UTF8.GetBytes(boundary));
        }
    }

    /// <summary>Moves to the start of the next part; false at the end of the message.</summary>
    private bool ToNextPart(ref int at)
    {
        var bytes = message.Span;
        while (open.AnyActive && FindDashes(bytes, at) is var line && line >= 0)
        {
            var next = LineEnds.Next(bytes, line);
            at = next;
            var index = open.Match(bytes[line..next], out var closes);
            if (index < 0)
            {
                continue;
            }

            // RFC 2046 §5.1.1: the line end before the delimiter belongs to the delimiter.
            open.CloseAbove(index, line - LineEnds.TrailingLength(bytes[..line]));
            if (closes)
            {
                open.Finish(index);
                continue;
            }

            // RFC 2046 §5.1.1: a delimiter needs a line end of its own before it, so two in a row hold no part.
            open.Start(index);
            if (open.Match(bytes[at..LineEnds.Next(bytes, at)], out _) != index)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The next line that starts with "--", from a line start on; or -1.</summary>
    private static int FindDashes(ReadOnlySpan<byte> bytes, int at)
    {
        if (bytes[at..].StartsWith("--"u8))
        {
            return at;
        }

        var found = bytes[at..].IndexOf("\n--"u8);
        return found < 0 ? -1 : at + found + 1;
    }

    private ContentType TypeOf(HeaderFields headers, MimePart? parent)
    {
        if (headers.First("content-type") is not { } field)
        {
            // RFC 2046 §5.1.5: in a digest the default is message/rfc822.
            return parent is { ContentType: { IsMultipart: true, Subtype: "digest" } }
                ? ContentType.MessageRfc822
                : ContentType.TextPlain;
        }

        if (headers.Count("content-type") > 1)
        {
            defects.Add(new MimeDefect(MimeDefectKind.SeveralContentTypes, field.Field.Start.Value));
        }

        var type = ContentType.Parse(field.RawValue.Span, limits.MaxParameters, out var tooMany);
        if (tooMany)
        {
            refusal ??= new MimeRefusal(MimeLimit.Parameters, limits.MaxParameters, field.Field.Start.Value);
        }

        if (type is { Subtype: not null } && !type.Subtype.Contains('/', StringComparison.Ordinal))
        {
            return type;
        }

        defects.Add(new MimeDefect(MimeDefectKind.InvalidContentType, field.Field.Start.Value));
        return ContentType.TextPlain;
    }
}
