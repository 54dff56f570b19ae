using Gateway.Mail.Smtp;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>At which command the far side refused, as hosts tell it in words.</summary>
internal static class FailurePhase
{
    private static readonly (string Words, SmtpPhase Phase)[] After =
    [
        ("in reply to rcpt to", SmtpPhase.RcptTo),
        ("in reply to mail from", SmtpPhase.MailFrom),
        ("in reply to end of data", SmtpPhase.FinalDot),
        ("in reply to data", SmtpPhase.Data),
        ("in reply to ehlo", SmtpPhase.Hello),
        ("in reply to helo", SmtpPhase.Hello),
        // Gmail's own states, as its older notices number them.
        ("(state 14)", SmtpPhase.RcptTo),
        ("(state 15)", SmtpPhase.RcptTo),
        ("(state 17)", SmtpPhase.FinalDot),
        ("(state 18)", SmtpPhase.FinalDot),
        ("[rcpt_to]", SmtpPhase.RcptTo),
        ("[mail_from]", SmtpPhase.MailFrom),
        ("[eod]", SmtpPhase.FinalDot),
        ("[data]", SmtpPhase.Data),
    ];

    private static readonly (string Words, SmtpPhase Phase)[] Before =
    [
        ("after rcpt to", SmtpPhase.RcptTo),
        ("after rcpt command", SmtpPhase.RcptTo),
        ("for rcpt command", SmtpPhase.RcptTo),
        ("did not like our rcpt", SmtpPhase.RcptTo),
        ("does not like recipient", SmtpPhase.RcptTo),
        ("rejected recipient", SmtpPhase.RcptTo),
        ("following rcpt", SmtpPhase.RcptTo),
        ("(rcpt)", SmtpPhase.RcptTo),
        ("sent <<< rcpt", SmtpPhase.RcptTo),
        ("smtp:rcpt", SmtpPhase.RcptTo),
        (">>> rcpt", SmtpPhase.RcptTo),
        ("rcpt to:", SmtpPhase.RcptTo),
        ("after mail from", SmtpPhase.MailFrom),
        ("after mail command", SmtpPhase.MailFrom),
        ("for mail command", SmtpPhase.MailFrom),
        ("did not like our mail", SmtpPhase.MailFrom),
        ("does not like sender", SmtpPhase.MailFrom),
        ("sender was rejected", SmtpPhase.MailFrom),
        ("following mail", SmtpPhase.MailFrom),
        (">>> mail", SmtpPhase.MailFrom),
        ("after end of data", SmtpPhase.FinalDot),
        ("after i sent the message", SmtpPhase.FinalDot),
        ("for text command", SmtpPhase.FinalDot),
        ("for data command", SmtpPhase.Data),
        ("after data", SmtpPhase.Data),
        ("failed on data", SmtpPhase.Data),
        ("did not like our data", SmtpPhase.Data),
        ("did not like our final dot", SmtpPhase.FinalDot),
        ("(data)", SmtpPhase.Data),
        (">>> data", SmtpPhase.Data),
        (">>> .", SmtpPhase.FinalDot),
        ("after initial connection", SmtpPhase.Greeting),
        ("refused to talk to me", SmtpPhase.Greeting),
        ("after connect", SmtpPhase.Greeting),
        ("does not like me", SmtpPhase.Greeting),
        ("my name was rejected", SmtpPhase.Hello),
        ("after ehlo", SmtpPhase.Hello),
        ("after helo", SmtpPhase.Hello),
        (">>> ehlo", SmtpPhase.Hello),
        (">>> helo", SmtpPhase.Hello),
        ("did not like our ehlo", SmtpPhase.Hello),
        ("did not like our helo", SmtpPhase.Hello),
    ];

    /// <summary>
    /// The phase named behind the reply, else the last named before it, else none. <paramref name="text"/> is lower
    /// case; <paramref name="reply"/> is where the reply stands in it.
    /// </summary>
    public static SmtpPhase? Find(string text, int reply)
    {
        foreach (var (words, phase) in After)
        {
            if (text.Contains(words, StringComparison.Ordinal))
            {
                return phase;
            }
        }

        var best = -1;
        SmtpPhase? found = null;
        var head = text[..Math.Clamp(reply, 0, text.Length)];
        foreach (var (words, phase) in Before)
        {
            var at = head.LastIndexOf(words, StringComparison.Ordinal);
            if (at > best)
            {
                (best, found) = (at, phase);
            }
        }

        return found;
    }
}
