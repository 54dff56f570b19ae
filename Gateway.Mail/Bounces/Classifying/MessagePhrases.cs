using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>The message itself is refused: size, form, protocol.</summary>
internal static class MessagePhrases
{
    public static readonly PhraseRule[] All =
    [
        new(
            "bounce/too-big",
            Block,
            MessagePermanent,
            Message,
            """
            message too big | message file too big | taille limite | mail size | header size | message is larger |
            too large a message | message too large | message is too large | message is too big |
            message was too large | message size | message length | message exceeds | mail too large |
            mail is too large | size limit | size exceed | exceeds maximum | exceeds size | exceeds fixed |
            exceeded google's message | line limit exceeded | line too long | maximum size |
            too large for this recipient | recipsizelimit | maximum line length | body too large | sized message
            """
        ),
        new(
            "bounce/malformed",
            Block,
            MessagePermanent,
            Message,
            """
            rfc 5322 | rfc5322 | rfc 2822 | rfc2822 | rfc 822 | rfc822 & compli | not compliant |
            multiple addresses in from | multiple & addresses in from | header error | headers too large |
            header too | missing header | duplicate header | 8-bit data | 8bit | improper use of | malformed message |
            charset not supported | mime complexity | mime headers | mime parts | improperly | invalid mime |
            too many header | malformed mail | mail message is malformed | malformed or missing | malformed header |
            invalid header | invalid character | bare lf | bare linefeed | unsupported charset | charset not allowed |
            mime & error | message-id header | missing message-id | date header | smtputf8 | internationalized
            """
        ),
        new(
            "bounce/protocol",
            Block,
            MessagePermanent,
            Message,
            """
            command parameter not implemented | improper sequence | bad sequence | syntax error |
            command not recognized | command not implemented | command unrecognized | unrecognized command |
            command not allowed | unknown command | data format error
            """
        ),
    ];
}
