using Gateway.Mail;

namespace Gateway.Providers.Http;

/// <summary>What an answer means. <paramref name="Rule"/> names the line of the table that decided.</summary>
internal readonly record struct HttpVerdict(Outcome Outcome, OutcomeScope Scope, string Rule)
{
    public TimeSpan? RetryAfter { get; init; }
    public string? ProviderId { get; init; }

    /// <summary>Words that no line knows; see <see cref="SendResult.UnknownText"/>.</summary>
    public string? UnknownText { get; init; }
}
