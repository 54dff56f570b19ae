namespace ProviderEmulators.Faults;

/// <summary>Incidents that look alike everywhere.</summary>
internal static class CommonScenarios
{
    /// <summary>Of connections: over HTTP and SMTP.</summary>
    public static readonly IReadOnlyDictionary<string, Fault> Connection = new Dictionary<string, Fault>
    {
        ["reset-connect"] = new() { At = FaultStep.Connect, Do = FaultAct.Reset },
        ["hang-connect"] = new() { At = FaultStep.Connect, Do = FaultAct.Hang },
        ["reset-tls"] = new() { At = FaultStep.Tls, Do = FaultAct.Reset },
        ["bad-tls"] = new() { At = FaultStep.Tls, Do = FaultAct.Garbage },
        ["hang-tls"] = new() { At = FaultStep.Tls, Do = FaultAct.Hang },
        ["slow"] = new()
        {
            At = FaultStep.Answer,
            Do = FaultAct.Slow,
            DelayMs = 5_000,
        },
        ["hang"] = new() { At = FaultStep.Answer, Do = FaultAct.Hang },
        ["take-then-hang"] = new()
        {
            At = FaultStep.Answer,
            Do = FaultAct.Hang,
            Take = true,
        },
        ["take-then-reset"] = new()
        {
            At = FaultStep.Answer,
            Do = FaultAct.Reset,
            Take = true,
        },
        ["reset-body"] = new() { At = FaultStep.Body, Do = FaultAct.Reset },
    };

    public static readonly IReadOnlyDictionary<string, Fault> Http = new Dictionary<string, Fault>(Connection)
    {
        ["reset-request"] = new() { At = FaultStep.Request, Do = FaultAct.Reset },
        ["reset-answer"] = new() { At = FaultStep.Answer, Do = FaultAct.Reset },
        ["broken500"] = new()
        {
            At = FaultStep.Answer,
            Status = 500,
            Body = "<html>Internal Server Error</html>",
        },
        ["broken503"] = new()
        {
            At = FaultStep.Answer,
            Status = 503,
            Body = "<html>Service Unavailable</html>",
        },
        ["take-then-500"] = new()
        {
            At = FaultStep.Answer,
            Status = 500,
            Take = true,
        },
    };

    public static readonly IReadOnlyDictionary<string, Fault> Smtp = new Dictionary<string, Fault>(Connection)
    {
        ["block"] = Reply(FaultStep.Mail, "550 5.7.1 account is suspended"),
        ["block-login"] = Reply(FaultStep.Auth, "535 5.7.8 Authentication failed"),
        ["block-greeting"] = Reply(FaultStep.Connect, "554 5.3.2 no service here"),
        ["throttle"] = Reply(FaultStep.Mail, "451 4.7.0 too many messages, try again in 30 seconds"),
        ["broken"] = Reply(FaultStep.Answer, "451 4.3.0 internal error"),
    };

    public static Fault Reply(string step, string text) => new() { At = step, Body = text };
}
