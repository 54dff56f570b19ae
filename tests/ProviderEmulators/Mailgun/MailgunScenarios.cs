using ProviderEmulators.Faults;

namespace ProviderEmulators.Mailgun;

/// <summary>Mailgun's incidents by name.</summary>
internal static class MailgunScenarios
{
    public static readonly IReadOnlyDictionary<string, Fault> All = new Dictionary<string, Fault>(CommonScenarios.Http)
    {
        ["block401"] = new()
        {
            At = FaultStep.Answer,
            Status = 401,
            Body = "Forbidden",
        },
        ["block402"] = Reply(402, "Request Failed"),
        ["block403"] = Reply(403, "Rejected: IP 192.0.2.1 can't be used to send the message"),
        ["terminated"] = Reply(400, "Domain example.com is not allowed to send: Account Terminated"),
        ["unverified"] = Reply(
            400,
            "Domain example.com is not allowed to send: The domain is unverified and requires DNS configuration."
        ),
        ["throttle"] = Reply(
            429,
            "Domain example.com is not allowed to send: account-requests-per-sec limit exceeded, try again after 30 seconds"
        ),
        ["new-text"] = Reply(400, "Messages of this kind need the new consent form"),
    };

    private static Fault Reply(int status, string message) =>
        new()
        {
            At = FaultStep.Answer,
            Status = status,
            Body = MailgunEmulator.Error(status, message).Body,
        };
}
