using System.Globalization;
using Gateway.Api.Problems;
using Gateway.Mail.Smtp;

namespace Gateway.Api.SmtpSubmission;

/// <summary>What HTTP says as a problem, in the words of SMTP: the same reason, and temporary wherever it is our own.</summary>
internal static class SubmissionReplies
{
    private const int LongestValue = 100;

    public static readonly SmtpReply ComeAgain = SmtpReply.Of(451, "4.3.0 Try again in a moment");

    public static readonly SmtpReply KeysAway = SmtpReply.Of(
        454,
        "4.7.0 Keys cannot be checked at this moment; try again"
    );

    public static readonly SmtpReply WrongKey = SmtpReply.Of(
        535,
        "5.7.8 This API key is not valid; the password is an API key: gw_live_... or gw_test_..."
    );

    public static readonly SmtpReply Gone = SmtpReply.Of(
        421,
        "4.7.0 The key of this session must be checked; log in again"
    );

    public static SmtpReply Of(ApiProblem problem) =>
        problem.Status switch
        {
            StatusCodes.Status429TooManyRequests => Say(451, "4.7.1", problem),
            >= 500 => Say(451, "4.3.0", problem),
            StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => Say(550, "5.7.1", problem),
            StatusCodes.Status413PayloadTooLarge => Say(552, "5.3.4", problem),
            _ when problem.Field?.StartsWith("rcpt", StringComparison.Ordinal) == true => Say(553, "5.1.3", problem),
            _ => Say(554, "5.6.0", problem),
        };

    private static SmtpReply Say(int code, string enhanced, ApiProblem problem)
    {
        var text = problem is { Field: { } field, Accepted: { } accepted }
            ? $"{Line(field)}{(problem.Value is { } value ? $" is '{Line(value)}'" : "")}; accepted: {Line(accepted)}"
            : Line(problem.Detail);
        var later = problem.RetryAfter is { } seconds
            ? string.Create(CultureInfo.InvariantCulture, $"; come again in {seconds} s")
            : "";
        return SmtpReply.Of(code, $"{enhanced} {text}{later}");
    }

    /// <summary>One line: what a sender wrote must not look like a line of ours.</summary>
    private static string Line(string text)
    {
        var cut = text.Length > LongestValue * 2 ? text[..(LongestValue * 2)] + "..." : text;
        return string.Create(
            cut.Length,
            cut,
            static (span, from) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsControl(from[i]) ? ' ' : from[i];
                }
            }
        );
    }
}
