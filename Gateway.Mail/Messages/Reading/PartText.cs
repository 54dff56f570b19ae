using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>What became of a request to replace a part's text.</summary>
public enum PartTextResult
{
    /// <summary>Written; only the part's body changed.</summary>
    Replaced,

    /// <summary>Written; the old encoding or charset could not hold the text, so these two fields of the part changed too.</summary>
    ReplacedWithHeaders,

    /// <summary>Refused: the part is not text.</summary>
    NotText,

    /// <summary>Refused: the part lies inside a signed or encrypted multipart, which any change breaks.</summary>
    Sealed,

    /// <summary>Refused: the part does not belong to this message.</summary>
    NotOfThisMessage,

    /// <summary>Refused: no empty line parts its fields from its body, so that text might be read as a field.</summary>
    NoSeparator,
}

/// <summary>Replaces the text of one part and touches no other byte of the message.</summary>
public static class PartText
{
    /// <summary>
    /// Writes the message with the part's text replaced. The part keeps its transfer encoding and charset when these can
    /// hold the text; else it becomes quoted-printable, and UTF-8 if need be. Nothing is written when refused.
    /// </summary>
    public static PartTextResult Replace(MimeMessage message, MimePart part, string text, IBufferWriter<byte> output)
    {
        if (!part.ContentType.IsText)
        {
            return PartTextResult.NotText;
        }

        if (!TryPathTo(message, part, out var isSealed))
        {
            return PartTextResult.NotOfThisMessage;
        }

        if (isSealed)
        {
            return PartTextResult.Sealed;
        }

        if (part.HeaderRange.End.Value == part.BodyRange.Start.Value)
        {
            return PartTextResult.NoSeparator;
        }

        var body = PartTextBody.Make(part, text, amongParts: !ReferenceEquals(part, message.Root));
        Write(message.Bytes.Span, part, body, output);
        return body.NewHeaders is null ? PartTextResult.Replaced : PartTextResult.ReplacedWithHeaders;
    }

    private static void Write(ReadOnlySpan<byte> bytes, MimePart part, PartTextBody body, IBufferWriter<byte> output)
    {
        var headerEnd = body.NewHeaders is null ? part.BodyRange.Start.Value : part.HeaderRange.Start.Value;
        output.Write(bytes[..headerEnd]);
        if (body.NewHeaders is not null)
        {
            output.Write(body.NewHeaders);
            output.Write(bytes[part.HeaderRange.End.Value..part.BodyRange.Start.Value]);
        }

        output.Write(body.Bytes);
        var rest = bytes[part.BodyRange.End.Value..];

        // RFC 2046 §5.1.1: an empty part may share its empty line with the delimiter, which then needs one of its own.
        var shared = !rest.IsEmpty && rest[0] is not ((byte)'\r' or (byte)'\n');
        output.Write(shared ? "\r\n"u8 : []);
        output.Write(rest);
    }

    private static bool TryPathTo(MimeMessage message, MimePart part, out bool isSealed)
    {
        // Depth is bounded by the reader, but this walks without recursion all the same.
        var open = new Stack<(MimePart Part, bool Sealed)>();
        open.Push((message.Root, false));
        while (open.TryPop(out var at))
        {
            isSealed = at.Sealed;
            if (ReferenceEquals(at.Part, part))
            {
                return true;
            }

            // RFC 1847 §2: the parts of multipart/signed and multipart/encrypted are exact bytes.
            var within = at.Sealed || at.Part.ContentType is { IsMultipart: true, Subtype: "signed" or "encrypted" };
            foreach (var child in at.Part.Children)
            {
                open.Push((child, within));
            }
        }

        isSealed = false;
        return false;
    }
}
