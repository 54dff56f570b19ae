using Gateway.Api.Problems;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.Acceptance;

/// <summary>Whether a tenant may submit at this moment; from memory, and pure.</summary>
public static class SendingState
{
    /// <summary>403 <c>tenant_suspended</c> or <c>stream_paused</c>; null where mail of this stream is taken.</summary>
    public static ApiProblem? WhyNot(Caller caller, string stream)
    {
        if (caller.Tenant.Suspended)
        {
            return new ApiProblem(
                StatusCodes.Status403Forbidden,
                "tenant_suspended",
                "This account may not send",
                "The account is suspended; what it sent before can still be read."
            );
        }

        return caller.Tenant.PausedStreams.Contains(stream)
            ? new ApiProblem(
                StatusCodes.Status403Forbidden,
                "stream_paused",
                "This stream is paused",
                $"Mail of the stream '{stream}' is not taken now; what waits in it is kept and flows on when it is resumed."
            )
            {
                Field = "stream",
                Value = stream,
                Accepted = caller.Tenant.PausedStreams.Count == 1 ? "the other stream, or later" : "nothing now; later",
            }
            : null;
    }

    /// <summary>As above, and what a trial tenant may not yet (D24).</summary>
    public static ApiProblem? WhyNot(Caller caller, Submission submission) =>
        WhyNot(caller, submission.Stream)
        ?? (caller.Tenant.Trust == "trial" ? WhyNotOnTrial(caller, submission) : null);

    private static ApiProblem? WhyNotOnTrial(Caller caller, Submission submission)
    {
        if (submission.TrackOpens || submission.TrackClicks)
        {
            return Refuse(
                "trial_no_tracking",
                submission.TrackOpens ? "tracking.opens" : "tracking.clicks",
                "true",
                "false: an account on trial does not track"
            );
        }

        foreach (var recipient in submission.Recipients)
        {
            if (!MayWriteTo(caller.Tenant, recipient))
            {
                return Refuse(
                    "trial_recipient",
                    submission.Door is "json" ? "to" : "rcpt",
                    recipient.Address,
                    "a recipient of a domain you verified, or one who confirmed: an account on trial writes to no one else"
                );
            }
        }

        return null;
    }

    private static bool MayWriteTo(TenantSnapshot tenant, Recipient recipient) =>
        tenant.ConfirmedRecipients.Contains(recipient.Key)
        || tenant.VerifiedDomains.Contains(recipient.Key[(recipient.Key.LastIndexOf('@') + 1)..]);

    private static ApiProblem Refuse(string code, string field, string value, string accepted) =>
        ApiProblem.Invalid(FieldError.Of(code, field, value, accepted), StatusCodes.Status403Forbidden);
}
