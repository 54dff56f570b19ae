using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>Notices in words that only warn: the host is still trying.</summary>
internal static class Delays
{
    private static readonly string[] Words =
    [
        "this is a warning message only",
        "you do not need to resend",
        "you do not need to re-send",
        "no action is required on your part",
        "only a temporary failure report",
        "has been delayed",
        "is delayed for more than",
        "will be retried for",
        "has not yet been delivered",
        "will keep trying",
        "will continue to try",
        "will be retried",
        "delivery attempts will continue",
    ];

    private static readonly string[] Subjects =
    [
        "warning: message",
        "(delay)",
        "delivery delayed",
        "delayed mail",
        "notification: warning",
        "warning: could not send",
    ];

    public static bool Tells(MimeMessage message, Notice notice)
    {
        var subject = PlainText.Searchable(message.Headers.First("subject")?.Text ?? "");
        var text = PlainText.Searchable(NoticeRecipients.Whole(notice.Lines));
        return Array.Exists(Subjects, word => subject.Contains(word, StringComparison.Ordinal))
            || Array.Exists(Words, word => text.Contains(word, StringComparison.Ordinal));
    }
}
