using Gateway.Mail.Bounces.Classifying;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>Tells notices of failure, auto-replies and everything else apart by header and first words.</summary>
internal static class Signs
{
    private static readonly string[] Daemons = PhraseList.Of(
        """
        mailer-daemon | mailerdaemon | mailer daemon | postmaster | post_master | mail delivery | mail.delivery |
        mail deliver~ | mail administrator | mail system | system administrator | ndr administrator | mail router |
        mail-daemon | maildaemon | mdaemon | delivery subsystem | symantec_antivirus
        """
    );

    private static readonly string[] Subjects = PhraseList.Of(
        """
        undeliver | delivery status | delivery notification | delivery failure | delivery failed |
        delivery has failed | delivery report | delivery error | delivery problem | delivery delayed |
        delivery warning | failed delivery | mail delivery | mail error | mail failure | mail system error |
        mail could not be | message could not be | could not be delivered | could not send message | returned mail |
        returned to sender | return to sender | failure notice | failure delivery | failure notification |
        failure to deliver | non delivery | non-delivery | nondeliver | not deliver | unable to deliver |
        there was an error sending | errors from | bounce | warning: message | status notification | are not member |
        loop alert | unzustellbar | nicht zustellbar | non recapitable | onbestelbaar | niet bezorgd |
        no se pudo entregar | não entregue | impossibile recapitare | message delivery | rejected mail |
        mail rejected | message rejected | permanent delivery | zustellung | non remis | non livr |
        no se puede entregar | no entregado | mancato recapito | エラー | 配信不能 | 配信でき | 送信でき | 退信 | не достав
        """
    );

    private static readonly string[] Words = PhraseList.Of(
        """
        not be delivered | unable to deliver | wasn't able to deliver | can't be delivered | could not deliver |
        couldn't be delivered | wasn't delivered | not been delivered | not delivered | did not reach |
        delivery failed | delivery has failed | delivery to the following | failed permanently | permanent error |
        permanent fatal error | transient error | fatal errors | delivery errors | delivery problems |
        failed address | undeliverable | error occurred while | error delivering | errors occurred | error message |
        trouble delivering | unknown user | user unknown | transcript of session | rejected by |
        technical details of | not a member of this mailing list | duplicated message-id | failure reasons |
        mailbox exceeds | account is disabled | smtp error | failed 20 attempts | attempts: | does not exist |
        mailbox full | no valid recipients | 送信できません | 配送できません
        """
    );

    private static readonly string[] Replies = PhraseList.Of(
        """
        auto reply | auto-reply | autoreply | auto response | auto-response | autoresponse | automatic reply |
        automatic response | automated reply | automated response | out of office | out-of-office |
        out of the office | vacation | away until | away from | on holiday | i am away | abwesenheit |
        automatische antwort | réponse automatique | absence du bureau | respuesta automática | fuera de la oficina |
        resposta automática | risposta automatica | automatisch antwoord | afwezig | autosvar | 自動応答 | 自动回复
        """
    );

    public static bool IsFailureNotice(MimeMessage message, Notice notice)
    {
        var headers = message.Headers;
        if (headers.First("x-failed-recipients") is not null || headers.First("x-bounced-address") is not null)
        {
            return true;
        }

        var subject = Lower(headers, "subject");
        var daemon = Holds(Lower(headers, "from"), Daemons) || IsNullPath(headers);
        var announced = Holds(subject, Subjects);
        if (!daemon && !announced)
        {
            return false;
        }

        var text = PlainText.Searchable(NoticeRecipients.Whole(notice.Lines));
        var said = Holds(text, Words) || ReplyScan.Find(NoticeRecipients.Whole(notice.Lines)) is { Status: not null };
        return announced ? daemon || said : said && !IsAutoReply(message);
    }

    /// <summary>
    /// RFC 3834 §5 Auto-Submitted, and what responders wrote before it. Precedence alone says bulk, not answer, save for
    /// its auto_reply.
    /// </summary>
    public static bool IsAutoReply(MimeMessage message)
    {
        var headers = message.Headers;
        var submitted = Lower(headers, "auto-submitted");
        if (
            submitted.StartsWith("auto-replied", StringComparison.Ordinal)
            || submitted.StartsWith("auto-notified", StringComparison.Ordinal)
        )
        {
            return true;
        }

        // Exchange marks its own answers generated, and asks that nobody answer them.
        if (
            submitted.StartsWith("auto-generated", StringComparison.Ordinal)
            && headers.First("x-auto-response-suppress") is not null
        )
        {
            return true;
        }

        return headers.First("x-autoreply") is not null
            || headers.First("x-autorespond") is not null
            || headers.First("x-autoresponder") is not null
            || headers.First("x-autogenerated") is not null
            || headers.First("x-mail-autoreply") is not null
            || headers.First("x-vacation") is not null
            || Lower(headers, "x-apple-action") is "vacation"
            || Lower(headers, "subject").StartsWith("auto:", StringComparison.Ordinal)
            || Lower(headers, "precedence") is "auto_reply" or "auto-reply" or "vacation"
            || Holds(Lower(headers, "subject"), Replies);
    }

    /// <summary>A mail program's unsubscription (RFC 2369 §3.2), as Apple Mail and others send it for a user.</summary>
    public static bool IsUnsubscription(MimeMessage message) =>
        message.Headers.First("x-apple-unsubscribe") is not null
        || Lower(message.Headers, "subject") is "unsubscribe" or "list-unsubscribe" or "remove";

    private static bool IsNullPath(HeaderFields headers) =>
        Lower(headers, "return-path") is "<>" || Lower(headers, "from") is "<>" or "";

    private static string Lower(HeaderFields headers, string name) =>
        headers.First(name) is { } field ? PlainText.Searchable(field.Text) : "";

    private static bool Holds(string text, string[] words) =>
        Array.Exists(words, word => text.Contains(word, StringComparison.Ordinal));
}
