namespace Gateway.Mail.Messages;

/// <summary>What a message would lose if it travelled as text, HTML and attachments instead of its own bytes.</summary>
public enum PartsLoss
{
    /// <summary>A signature over exact bytes (multipart/signed, S/MIME, PGP): it would not verify.</summary>
    Signed,

    /// <summary>An encrypted entity, whose structure is its content.</summary>
    Encrypted,

    /// <summary>A text/calendar alternative (RFC 6047): invitations work only in their place.</summary>
    Calendar,

    /// <summary>A report (multipart/report) or another structure whose meaning is in its type.</summary>
    Structure,

    /// <summary>An alternative that is neither text/plain nor text/html.</summary>
    OtherAlternative,

    /// <summary>More than one text/plain or text/html body in a row; order and borders would be lost.</summary>
    SeveralBodies,

    /// <summary>Bytes that only a lenient reader understands: the receiver may have seen something else.</summary>
    Malformed,

    /// <summary>Text in a charset that we cannot decode.</summary>
    UnknownCharset,
}

/// <summary>A message as JSON-only providers want it. Contents stay in their parts until they are decoded.</summary>
public sealed record SplitMessage(
    HeaderFields Headers,
    MimePart? Text,
    MimePart? Html,
    IReadOnlyList<MimePart> Inline,
    IReadOnlyList<MimePart> Attachments,
    IReadOnlySet<PartsLoss> Losses
)
{
    /// <summary>True if only the raw bytes carry all of it.</summary>
    public bool NeedsRaw => Losses.Count > 0;
}

/// <summary>Splits a message for providers that take JSON.</summary>
public static class MessageParts
{
    public static SplitMessage Split(MimeMessage message)
    {
        var split = new PartsCollector();
        var open = new Stack<(MimePart Part, MimePart? Parent)>();
        open.Push((message.Root, null));
        while (open.TryPop(out var at))
        {
            if (!split.Take(at.Part, at.Parent))
            {
                continue;
            }

            for (var i = at.Part.Children.Count - 1; i >= 0; i--)
            {
                open.Push((at.Part.Children[i], at.Part));
            }
        }

        return split.Finish(message);
    }
}
