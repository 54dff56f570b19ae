using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Api.Problems;
using Gateway.Api.SmtpSubmission;
using Gateway.Mail.Addresses;

namespace Gateway.Api.Acceptance;

public sealed partial class SubmissionFactory
{
    /// <summary>A message that came by SMTP: a raw one, whose envelope is apart and whose options are header fields.</summary>
    /// <returns>The stream is told as soon as it is known, refused or not.</returns>
    internal async ValueTask<(Submission? Submission, string? Stream, ApiProblem? Problem)> FromSmtpAsync(
        byte[] given,
        IReadOnlyList<EmailAddress> envelope,
        Arrival arrival
    )
    {
        var (options, wrong) = SubmissionHeaders.Read(given, validator);
        if (options is null)
        {
            return (null, null, wrong);
        }

        var (submission, problem) = await FromRawAsync(
            given,
            [.. envelope.Select(r => r.ToString())],
            options.Stream,
            arrival
        );
        if (submission is null)
        {
            return (null, options.Stream, problem);
        }

        submission = submission with
        {
            Door = "smtp",
            Tags = options.Tags,
            MetadataJson = options.Values is null ? null : JsonSerializer.Serialize(options.Values),
            TrackOpens = options.Opens,
            TrackClicks = options.Clicks,
            Idempotency = options.IdempotencyKey is { } key
                ? new IdempotencyClaim(key, HashOf(given, submission.Recipients))
                : null,
        };
        return (submission, options.Stream, null);
    }

    /// <summary>By SMTP the request is its envelope and its content; who sends both again sends the same request.</summary>
    private static byte[] HashOf(byte[] content, IReadOnlyList<Recipient> recipients)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes("SMTP " + string.Join(' ', recipients.Select(r => r.Address)) + "\n"));
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}
