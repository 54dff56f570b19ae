using Gateway.Mail;

namespace Gateway.Providers.Http;

/// <summary>What is alike at all HTTP providers: no answer, and answers that come from no provider.</summary>
internal static class TransportOutcomes
{
    /// <summary>Text of an answer that is kept with the attempt.</summary>
    private const int LongestReply = 4_096;

    /// <summary>The result of a request that no answer came to.</summary>
    public static SendResult Of(HttpFailure failure)
    {
        var phase = failure.Phase.ToString();
        if (failure.MayHaveBeenTaken)
        {
            return new SendResult(Outcome.Unknown, OutcomeScope.Account, phase, failure.Detail);
        }

        return failure.IsOurs
            ? new SendResult(Outcome.PathThrottled, OutcomeScope.None, phase, failure.Detail)
            {
                RetryAfter = TimeSpan.Zero,
            }
            : new SendResult(Outcome.PathDown, OutcomeScope.Account, phase, failure.Detail);
    }

    /// <summary>The result of an answer.</summary>
    /// <param name="answer">As it came.</param>
    /// <param name="verdict">What it means.</param>
    /// <param name="secrets">What must not be kept, should the provider say it back.</param>
    public static SendResult Of(HttpAnswer answer, HttpVerdict verdict, params ReadOnlySpan<string> secrets) =>
        new(verdict.Outcome, verdict.Scope, nameof(HttpPhase.Answer), Shown(answer, secrets))
        {
            ProviderId = verdict.ProviderId,
            RetryAfter = verdict.RetryAfter,
            UnknownText = verdict.UnknownText,
        };

    /// <summary>
    /// Statuses that mean the same everywhere (normalized.md §2 and §3): null for those that the provider's own table
    /// must read.
    /// </summary>
    public static HttpVerdict? Common(HttpAnswer answer, DateTimeOffset now) =>
        answer.Status switch
        {
            // Never followed: the credentials would go along.
            >= 300 and < 400 => new(Outcome.AdapterBug, OutcomeScope.Account, "redirect"),
            401 => new(Outcome.PathDown, OutcomeScope.Account, "credentials"),
            402 => new(Outcome.PathDown, OutcomeScope.Account, "payment"),
            405 or 406 or 411 or 414 or 415 or 431 => new(Outcome.AdapterBug, OutcomeScope.Message, "request"),
            407 => new(Outcome.PathDown, OutcomeScope.Account, "proxy"),
            // An edge in front of the provider lost patience; behind it the mail may have gone on.
            408 => new(Outcome.Unknown, OutcomeScope.Account, "edge-timeout"),
            413 => new(Outcome.MessagePermanent, OutcomeScope.Message, "too-large"),
            425 => new(Outcome.PathThrottled, OutcomeScope.Account, "too-early"),
            429 => new(Outcome.PathThrottled, OutcomeScope.Account, "rate") { RetryAfter = RateHints.Of(answer, now) },
            // Users report 5xx for mail that was delivered: nobody knows, and nobody is bounced.
            >= 500 => new(Outcome.Unknown, OutcomeScope.Account, "server-error"),
            _ => null,
        };

    private static string Shown(HttpAnswer answer, ReadOnlySpan<string> secrets)
    {
        var body = answer.Body;
        foreach (var secret in secrets)
        {
            body = secret.Length == 0 ? body : body.Replace(secret, "***", StringComparison.Ordinal);
        }

        body = body.Length > LongestReply ? body[..LongestReply] : body;
        // What is stored and shown is one text without controls (RFC 9112 lets a body hold any byte).
        var clean = string.Create(
            body.Length,
            body,
            static (to, from) =>
            {
                for (var i = 0; i < to.Length; i++)
                {
                    to[i] = char.IsControl(from[i]) && from[i] is not '\n' and not '\t' ? ' ' : from[i];
                }
            }
        );
        return $"HTTP {answer.Status} {clean}".TrimEnd();
    }
}
