namespace Gateway.Tests.BouncesByMail;

/// <summary>Reports as hosts write them.</summary>
internal static class Reports
{
    public static string Status(string recipient, string action, string status, string diagnostic) =>
        $"""
            From: Mail Delivery Subsystem <mailer-daemon@mx.example.net>
            To: <sender@example>
            Subject: Delivery Status Notification
            Auto-Submitted: auto-replied
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status; boundary="b"

            --b
            Content-Type: text/plain

            This is about your message to {recipient}.

            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.example.net

            Final-Recipient: rfc822; {recipient}
            Action: {action}
            Status: {status}
            Diagnostic-Code: smtp; {diagnostic}

            --b--
            """;

    public static string Unknown(string recipient) =>
        Status(recipient, "failed", "5.1.1", "550 5.1.1 <x>: Recipient address rejected: User unknown");

    public static string Complaint(string type = "abuse") =>
        $"""
            From: <fbl@mail.example.net>
            To: <sender@example>
            Subject: FW: your mail
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=feedback-report; boundary="b"

            --b
            Content-Type: text/plain

            This is an email abuse report.

            --b
            Content-Type: message/feedback-report

            Feedback-Type: {type}
            User-Agent: SomeGenerator/1.0
            Version: 1

            --b
            Content-Type: message/rfc822

            From: <shop@example.com>
            Subject: Offer

            buy
            --b--
            """;

    /// <summary>As a feedback loop sends it to the one address that was registered with it.</summary>
    /// <param name="original">Fields of the mail reported about.</param>
    /// <param name="more">Fields of the report beside the required ones.</param>
    public static string Feedback(string original, string type = "abuse", string more = "X-More: none") =>
        $"""
            From: <fbl@mail.example.net>
            To: <fbl@bounces.example>
            Subject: FW: Earn money
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=feedback-report; boundary="part"

            --part
            Content-Type: text/plain; charset="US-ASCII"

            This is an email abuse report for an email message received from IP 192.0.2.1.

            --part
            Content-Type: message/feedback-report

            Feedback-Type: {type}
            User-Agent: SomeGenerator/1.0
            Version: 1
            {more}

            --part
            Content-Type: message/rfc822

            {original}
            From: <shop@example.com>
            Subject: Offer

            buy
            --part--
            """;

    public const string Vacation = """
        From: <ann@example.net>
        Subject: Out of office
        Auto-Submitted: auto-replied

        I am away until Monday.
        """;

    public const string Person = """
        From: <ann@example.net>
        Subject: Re: your offer

        Please call me about this.
        """;

    public const string Leave = """
        From: <ann@example.net>
        Subject: unsubscribe

        """;
}
