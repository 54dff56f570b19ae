namespace Gateway.Api.SmtpSubmission;

/// <summary>
/// What the configured route can carry, as far as a door must know it before it says yes: <c>Gateway:Route</c> and
/// <c>Gateway:Paths:NAME</c>, the same that the Worker reads. A relay carries international addresses where its
/// <c>Eai</c> says so; the sandbox always does.
/// </summary>
internal sealed class SubmissionRoute(IConfiguration configuration)
{
    private const string Sandbox = "sandbox";

    private readonly bool routeHasEai = (configuration.GetSection("Gateway:Route").Get<string[]>() ?? [Sandbox])
        .SelectMany(tier => tier.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        .Select(path => path.Split('=')[0].Trim())
        .Any(path => path == Sandbox || HasEai(configuration.GetSection($"Gateway:Paths:{path}")));

    /// <summary>Whether some path takes a message that needs SMTPUTF8 (RFC 6531). Test keys send to the sandbox.</summary>
    public bool HasEaiFor(string mode) => routeHasEai || mode == "test";

    private static bool HasEai(IConfigurationSection path) =>
        string.Equals(path["Provider"], Sandbox, StringComparison.OrdinalIgnoreCase) || path.GetValue("Eai", false);
}
