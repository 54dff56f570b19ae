using ProviderEmulators.Faults;

namespace ProviderEmulators.SendGrid;

/// <summary>SendGrid's incidents by name.</summary>
internal static class SendGridScenarios
{
    public static readonly IReadOnlyDictionary<string, Fault> All = new Dictionary<string, Fault>(CommonScenarios.Http)
    {
        ["block401"] = Reply(401, "The provided authorization grant is invalid, expired, or revoked"),
        ["credits"] = Reply(401, "Maximum credits exceeded"),
        ["block403"] = Reply(403, "access forbidden"),
        ["identity"] = Reply(
            403,
            "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
            "from"
        ),
        ["throttle"] = Reply(429, "too many requests") with { Headers = new() { ["X-RateLimit-Reset"] = "+30" } },
        ["new-text"] = Reply(400, "Your sending profile has not completed step three."),
    };

    private static Fault Reply(int status, string message, string? field = null) =>
        new()
        {
            At = FaultStep.Answer,
            Status = status,
            Body = SendGridEmulator.Error(status, message, field).Body,
        };
}
