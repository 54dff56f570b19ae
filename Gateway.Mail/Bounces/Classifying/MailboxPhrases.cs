using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>The mailbox exists, and takes nothing: full, or switched off. Neither is proof against the address.</summary>
internal static class MailboxPhrases
{
    public static readonly PhraseRule[] Full =
    [
        new(
            "bounce/sending-quota",
            Block,
            PathThrottled,
            Account,
            """
            relay quota | sending quota | sending limit | daily limit | message quota exceeded for sender
            """
        ),
        new(
            "bounce/mailbox-full",
            MailboxFull,
            RecipientTemporary,
            Recipient,
            """
            mailbox full | exceeding its | exceeding their | exceeding receiving limits | is exceeding | disc quota |
            diskspace | disk space | enough space | mail file size exceeds | destinataire pleine | userdisk |
            too much mail | blocks limit exceeded | inode limit exceeded | quotaexceeded | quota excedeed |
            overdrawn | maximum storage | max storage | allocated storage | storage space | storage exceeded |
            storage is full | size of the mailbox | mailbox space | mailbox is over | mailbox limit | mailbox & full |
            mailbox & quota | mail quota | user quota | exceeds & quota | quota & exceeded | quota reached |
            disk is full | mailbox is full | mailbox are full | mail box full | mail box is full |
            mailbox for user is full | folder is full | maildir is full | inbox is full | inbox full | full mailbox |
            mailbox was full | mailbox too full | mailbox has exceeded | mailbox exceeded | mailbox exceeds |
            mailbox would exceed | mailbox & exceeded the local limit | mailbox & exceed & limit |
            mailbox size limit | mailbox_quota | message would exceed & quota | over quota | overquota | over-quota |
            over its quota | over the quota | over the allowed quota | over the maximum allowed quota |
            over their quota | over mailbox quota | out of quota | out of storage | quota exceed | quota violation |
            quota is full | quota full | quota limit | quota has been exceeded | quota has been reached |
            exceeded quota | exceeded the quota | exceeds quota | exceeds the quota | exceeded his quota |
            exceeded their quota | exceeded its quota | exceeded & disk quota | exceeded & quota | exceed & quota |
            disk quota | storage quota | storage limit | mail storage & exceeded | exceeded storage |
            exceeds allowed size | exceeded the allowed size | exceeded the maximum allowable size |
            exceeded allocated | exceeded the space limit | not enough storage | insufficient space |
            no space left on | maximum mailbox size | mailbox has reached & maximum | account is full |
            account is over | account has exceeded | account exceeded | user is over the |
            user has too many messages | user has exhausted | recipient is over | recipient storage full |
            recipient has exceeded | spool & full | boite & pleine | quota dépassé | buzón & lleno | casilla & llena |
            cuota & excedida | caixa postal & cheia | casella & piena | postfach & voll | speicherplatz & erschöpft |
            mailbox & overvol | переполнен | メールボックス & 一杯 | メールボックス & いっぱい | 容量 & 超 | 邮箱 & 满
            """
        ),
    ];

    public static readonly PhraseRule[] Closed =
    [
        // What a local program printed is about itself, and says "no such user" of its own files.
        new("bounce/local-exit", Soft, RecipientTemporary, Recipient, "x-unix;"),
        new(
            "bounce/mailbox-closed",
            Soft,
            RecipientPermanent,
            Recipient,
            """
            temporary locked | mailbox unavailable or access denied | temporarily inactive | suspend the service |
            no longer accepts mail | user is terminated | destinataire archivee | inactivity | retired |
            temporarily limited | account limited | has been closed | deactivated | has been suspended |
            mailbox is closed | temporarily blocked | is currently suspended | has been terminated | out of service |
            is blocked due to | account is on hold | currently inactive | is inactive | temporarily locked |
            account is locked | account locked | account has been locked | account & bloque | account is blocked |
            account blocked | mailbox blocked | mailbox is blocked | mailbox locked | mailbox is locked |
            user is locked | is disabled | are disabled | been disabled | was disabled | account disabled |
            mailbox disabled | user disabled | disabled recipient | disabled mailbox | disabled user |
            disabled account | address disabled | email disabled | recipient disabled | account & suspended |
            mailbox & suspended | recipient & suspended | user & suspended | user suspended | domain & suspended |
            is suspended | temporarily suspended | mailbox inactive | inactive mailbox | inactive account |
            inactive user | inactive recipient | account inactive | user inactive | user not active |
            not an active address | mailbox is frozen | mailbox frozen | account is frozen |
            account is temporarily unavailable | mailbox currently suspended | account has been discontinued |
            not currently accepting mail | no longer accepting mail | account expired | account has expired |
            account is expired | unavailable account | account is not active | account not active |
            mailbox not active | mailbox is not active | box & not active | dormant | not accepting messages |
            not accepting mail for this user | user account & closed
            """
        ),
    ];
}
