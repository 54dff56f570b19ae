using System.Buffers;

namespace Gateway.Mail.Messages;

/// <summary>Writes the leaves of the MIME tree: their Content-* fields, an empty line, their bytes.</summary>
internal static class PartWriter
{
    public static void WriteText(ref HeaderWriter header, IBufferWriter<byte> output, string type, TextPart part)
    {
        header.Name("Content-Type");
        header.Word(type, 1);
        ParameterWriter.Write(ref header, "charset", "utf-8");
        header.End();
        switch (part.Encoding)
        {
            case PartEncoding.SevenBit:
                BeginBody(ref header, "7bit");
                output.Write(part.Bytes);
                break;
            case PartEncoding.QuotedPrintable:
                BeginBody(ref header, "quoted-printable");
                QuotedPrintableWriter.Write(part.Bytes, output);
                break;
            default:
                BeginBody(ref header, "base64");
                Base64Writer.Write(part.Bytes, output);
                break;
        }
    }

    public static void WriteAttachment(ref HeaderWriter header, IBufferWriter<byte> output, Attachment attachment)
    {
        var asItIs = TravelsAsItIs(attachment);
        WriteType(ref header, attachment, asItIs);
        header.Name("Content-Disposition");
        header.Word(attachment.Inline ? "inline" : "attachment", 1);
        if (attachment.FileName.Length > 0)
            ParameterWriter.Write(ref header, "filename", attachment.FileName);
        header.End();
        if (attachment.ContentId is { } id)
        {
            header.Name("Content-ID");
            header.Append(" <");
            header.Append(id);
            header.Append(">");
            header.End();
        }

        BeginBody(ref header, asItIs ? "7bit" : "base64");
        if (asItIs)
            output.Write(attachment.Content.Span);
        else
            Base64Writer.Write(attachment.Content.Span, output);
    }

    /// <summary>True for an attached message that needs no encoding.</summary>
    public static bool TravelsAsItIs(Attachment attachment) =>
        IsMessage(attachment) && TextPart.IsSevenBit(attachment.Content.Span);

    private static bool IsMessage(Attachment attachment) =>
        attachment.ContentType.StartsWith("message/", StringComparison.OrdinalIgnoreCase);

    private static void WriteType(ref HeaderWriter header, Attachment attachment, bool asItIs)
    {
        // Its initializer has parsed it once already, so this cannot fail.
        _ = AttachmentType.TryParse(attachment.ContentType, out var type, out _);
        header.Name("Content-Type");

        // RFC 2046 §5.2.1: a message may not be base64. One that cannot travel as it is goes as a plain file, whole.
        if (IsMessage(attachment) && !asItIs)
        {
            header.Word("application/octet-stream");
        }
        else
        {
            header.Word(type.MediaType, 1);
            foreach (var (name, value) in type.Parameters)
                ParameterWriter.Write(ref header, name, value);
        }

        header.End();
    }

    private static void BeginBody(ref HeaderWriter header, string encoding)
    {
        header.Field("Content-Transfer-Encoding", encoding);
        header.End();
    }
}
