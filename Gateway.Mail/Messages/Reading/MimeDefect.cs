namespace Gateway.Mail.Messages;

/// <summary>Something in a message that the standard forbids and the reader survived.</summary>
public enum MimeDefectKind
{
    /// <summary>A line that is no header field ended the header section without an empty line (RFC 5322 §2.1).</summary>
    MissingHeaderSeparator,

    /// <summary>The header section begins with a folded line that continues nothing; it is skipped.</summary>
    FirstLineIsContinuation,

    /// <summary>An mbox "From " line stands before the fields; it is skipped.</summary>
    EnvelopeLine,

    /// <summary>A field without a name; kept, never matched.</summary>
    EmptyFieldName,

    /// <summary>White space between name and colon (RFC 5322 §4.5); the field counts under its name.</summary>
    SpaceBeforeColon,

    /// <summary>A part's header section is cut off by a boundary line.</summary>
    HeadersCutByBoundary,

    /// <summary>Content-Type has no type "/" subtype; the part is read as text/plain (RFC 2045 §5.2).</summary>
    InvalidContentType,

    /// <summary>A multipart without a boundary parameter; its body is left whole.</summary>
    NoBoundary,

    /// <summary>The boundary of a multipart never occurs; its body is left whole.</summary>
    BoundaryNotFound,

    /// <summary>A multipart ends without its closing boundary line.</summary>
    BoundaryNotClosed,

    /// <summary>A multipart or message/rfc822 declares base64 or quoted-printable (RFC 2045 §6.4).</summary>
    EncodedComposite,

    /// <summary>More than one Content-Type in one header section; the first counts.</summary>
    SeveralContentTypes,
}

/// <param name="Offset">Byte offset in the message where it was noticed.</param>
public readonly record struct MimeDefect(MimeDefectKind Kind, int Offset);
