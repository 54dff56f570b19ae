using Gateway.Mail.Smtp;
using Gateway.Tenants;

namespace Gateway.Api.SmtpSubmission;

/// <summary>What a tenant hears who may not send now: temporary for three days, so that nothing bounces over a question.</summary>
internal static class SendingPause
{
    public static readonly TimeSpan Patience = TimeSpan.FromHours(72);

    /// <param name="stream">Null before it is known.</param>
    public static SmtpReply? WhyNot(Caller caller, string? stream, DateTimeOffset now)
    {
        if (caller.Tenant.SuspendedAt is { } since)
        {
            return now - since < Patience
                ? SmtpReply.Of(
                    450,
                    "4.7.1 This account is suspended; what waits at your side may be sent when it is resumed"
                )
                : SmtpReply.Of(550, "5.7.1 This account is suspended");
        }

        return stream is not null && caller.Tenant.PausedStreams.Contains(stream)
            ? SmtpReply.Of(450, $"4.7.1 The stream '{stream}' of this account is paused")
            : null;
    }
}
