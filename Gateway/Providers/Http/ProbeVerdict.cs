using Gateway.Mail;

namespace Gateway.Providers.Http;

/// <summary>The verdict on a probe: there is no mail whose fate could be unknown, and none that could be at fault.</summary>
internal static class ProbeVerdict
{
    public static HttpVerdict Of(HttpVerdict verdict) =>
        verdict.Outcome is Outcome.PathDown or Outcome.PathThrottled
            ? verdict with
            {
                Scope = OutcomeScope.Account,
            }
            : new HttpVerdict(Outcome.PathDown, OutcomeScope.Account, verdict.Rule);
}
