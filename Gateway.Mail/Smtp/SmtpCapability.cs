namespace Gateway.Mail.Smtp;

/// <summary>What a message needs and a server does not offer is refused here, before a byte of it is sent.</summary>
internal static class SmtpCapability
{
    public static SmtpTransaction? Objection(SmtpEnvelope envelope, long content, SmtpExtensions offered)
    {
        // RFC 6531 §3.1: such an address must not be sent to a server that did not offer SMTPUTF8.
        if (envelope.NeedsSmtpUtf8 && !offered.SmtpUtf8)
        {
            return Refuse(SmtpFailureKind.Capability, "the server does not offer SMTPUTF8");
        }

        // RFC 6152 §3; RFC 6531 §3.3 makes 8BITMIME part of SMTPUTF8.
        if (envelope.Needs8BitMime && !offered.EightBitMime && !offered.SmtpUtf8)
        {
            return Refuse(SmtpFailureKind.Capability, "the server does not offer 8BITMIME");
        }

        var size = Math.Max(envelope.Size ?? 0, content);
        return offered.MaxSize is { } max && size > max
            ? Refuse(SmtpFailureKind.TooLarge, $"{size} octets are more than the server's SIZE {max}")
            : null;
    }

    private static SmtpTransaction Refuse(SmtpFailureKind kind, string detail) =>
        new()
        {
            Accepted = false,
            Phase = SmtpPhase.MailFrom,
            Failure = kind,
            Detail = detail,
        };
}
