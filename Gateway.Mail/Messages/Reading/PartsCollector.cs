namespace Gateway.Mail.Messages;

internal sealed class PartsCollector
{
    private readonly List<MimePart> inline = [];
    private readonly List<MimePart> attachments = [];
    private readonly HashSet<PartsLoss> losses = [];
    private MimePart? text;
    private MimePart? html;

    /// <summary>True if the part's children are to be taken too.</summary>
    public bool Take(MimePart part, MimePart? parent)
    {
        var type = part.ContentType;
        if (Whole(type) is { } loss)
        {
            losses.Add(loss);
        }

        if (part.IsMultipart)
        {
            return true;
        }

        if (type.Is("text", "calendar") && parent?.ContentType.Subtype == "alternative")
        {
            losses.Add(PartsLoss.Calendar);
        }

        if (!TakeBody(part, parent))
        {
            TakeFile(part, parent);
        }

        return false;
    }

    public SplitMessage Finish(MimeMessage message)
    {
        if (message.Defects.Count > 0 || message.Refusal is not null)
        {
            losses.Add(PartsLoss.Malformed);
        }

        return new SplitMessage(message.Headers, text, html, inline, attachments, losses);
    }

    private static PartsLoss? Whole(ContentType type) =>
        (type.Type, type.Subtype) switch
        {
            // RFC 1847; RFC 8551 §3.5; RFC 3156.
            ("multipart", "signed") or ("application", "pkcs7-signature" or "x-pkcs7-signature" or "pgp-signature") =>
                PartsLoss.Signed,
            ("multipart", "encrypted") or ("application", "pkcs7-mime" or "x-pkcs7-mime" or "pgp-encrypted") =>
                PartsLoss.Encrypted,
            ("multipart", "mixed" or "alternative" or "related") => null,
            ("multipart", _) or ("message", "partial" or "external-body" or "delivery-status") => PartsLoss.Structure,
            _ => null,
        };

    private bool TakeBody(MimePart part, MimePart? parent)
    {
        var type = part.ContentType;
        var isText = type.Is("text", "plain");
        if (
            (!isText && !type.Is("text", "html"))
            || part.Disposition?.IsAttachment == true
            || part.FileName is not null
        )
        {
            return false;
        }

        if (type.Charset is { Length: > 0 } charset && !Charsets.TryFind(charset, out _))
        {
            losses.Add(PartsLoss.UnknownCharset);
        }

        ref var place = ref isText ? ref text : ref html;
        if (
            place is not null
            || (html is not null && isText)
            || (text is not null && parent?.ContentType.Subtype == "mixed")
        )
        {
            losses.Add(PartsLoss.SeveralBodies);
        }

        if (place is not null)
        {
            return false;
        }

        place = part;
        return true;
    }

    private void TakeFile(MimePart part, MimePart? parent)
    {
        var subtype = parent?.ContentType.Subtype;
        if (subtype == "alternative" && !part.ContentType.Is("text", "calendar"))
        {
            losses.Add(PartsLoss.OtherAlternative);
        }

        // A picture that the HTML shows has a Content-ID and stands in multipart/related, or says "inline".
        var shown = part.ContentId is not null && (subtype == "related" || part.Disposition?.IsInline == true);
        (shown ? inline : attachments).Add(part);
    }
}
