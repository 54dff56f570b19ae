using System.Text.Json;
using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Problems;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.Acceptance;

/// <summary>Where a request came in: what the ledger keeps of it beside the message.</summary>
public sealed record Arrival(
    Caller Caller,
    string? TraceParent,
    Guid? SubmissionId = null,
    IdempotencyClaim? Idempotency = null
);

/// <summary>From the bytes of one message to a checked submission, or to the problem that says what is wrong.</summary>
public sealed partial class SubmissionFactory(
    MessageRequestValidator validator,
    SenderPolicy policy,
    TimeProvider clock
)
{
    /// <summary>A message as JSON; its bytes are kept as given.</summary>
    public async ValueTask<(Submission? Submission, ApiProblem? Problem)> FromJsonAsync(byte[] json, Arrival arrival)
    {
        if (JsonTokens.Exceed(json, MessageLimits.JsonTokens))
        {
            return (null, TooManyTokens());
        }

        MessageRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(json, MessageJson.Strict.MessageRequest);
        }
        catch (JsonException problem)
        {
            return (null, JsonProblems.Of(problem));
        }

        if (request is null)
        {
            return (
                null,
                ApiProblem.Malformed("json_invalid", "The body is null.", accepted: "one message as a JSON object")
            );
        }

        var errors = validator.Check(request);
        if (errors.Count > 0)
        {
            return (null, ApiProblem.Invalid(errors));
        }

        var id = LedgerId.NewMessage(clock.GetUtcNow());
        var (message, recipients, problems) = MessageBuilder.Build(request, id);
        if (problems.Count > 0)
        {
            return (null, ApiProblem.Invalid(problems));
        }

        var verdict = await policy.JudgeAsync(arrival.Caller, message!.From, sender: null, "from");
        return verdict.Refusal is { } refused
            ? (null, refused)
            : (Create(id, json, "json", message, recipients, request, arrival).ShownAs(verdict.Shown), null);
    }

    /// <summary>A message that the tenant composed itself; the envelope may be given apart from its header.</summary>
    public async ValueTask<(Submission? Submission, ApiProblem? Problem)> FromRawAsync(
        byte[] given,
        IReadOnlyList<string> envelope,
        string stream,
        Arrival arrival
    )
    {
        var (message, errors) = RawMessage.Read(given, envelopeApart: envelope.Count > 0);
        if (message is null)
        {
            return (null, ApiProblem.Invalid(errors));
        }

        var (recipients, refused) = ReadEnvelope(envelope, message);
        if (refused is not null)
        {
            return (null, refused);
        }

        var verdict = await policy.JudgeAsync(arrival.Caller, message.From, message.Sender, "From");
        if (verdict.Refusal is { } problem)
        {
            return (null, problem);
        }

        var id = LedgerId.NewMessage(clock.GetUtcNow());
        var at = LedgerId.TimeOf(id);
        return (
            new Submission
            {
                TenantId = arrival.Caller.Tenant.Id,
                MessageId = id,
                SubmissionId = id,
                KeyId = arrival.Caller.KeyId,
                Mode = arrival.Caller.Mode,
                Door = "raw",
                Stream = stream,
                FromAddress = message.From.Address.ToString(),
                FromDomain = message.From.Address.Domain,
                Subject = Shorten(message.Subject),
                Content = message.Bytes.ToArray(),
                TraceParent = arrival.TraceParent,
                AcceptedAt = at,
                Recipients = [.. recipients.Select(r => new Recipient(r.ToString(), r.Key))],
                Idempotency = arrival.Idempotency,
                Tenant = arrival.Caller.Tenant,
                Newcomer = Newcomer.Of(arrival.Caller, at),
            }.ShownAs(verdict.Shown),
            null
        );
    }

    private static (IReadOnlyList<EmailAddress> Recipients, ApiProblem? Problem) ReadEnvelope(
        IReadOnlyList<string> given,
        RawMessage message
    )
    {
        var recipients = new List<EmailAddress>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < given.Count; i++)
        {
            if (!EmailAddress.TryParse(given[i], out var address, out var error))
            {
                return ([], ApiProblem.Invalid(FieldError.Of(error.Code, $"rcpt[{i}]", given[i], error.Message)));
            }

            if (seen.Add(address.Key))
            {
                recipients.Add(address);
            }
        }

        IReadOnlyList<EmailAddress> all = given.Count > 0 ? recipients : message.Recipients;
        var accepted = $"1 to {MessageLimits.Recipients} recipients, in ?rcpt= or in To, Cc and Bcc";
        return all.Count switch
        {
            0 => ([], ApiProblem.Invalid(FieldError.Of("required", "rcpt", null, accepted))),
            > MessageLimits.Recipients => (
                [],
                ApiProblem.Invalid(FieldError.Of("too_many", "rcpt", $"{all.Count}", accepted))
            ),
            _ => (all, null),
        };
    }

    /// <summary>For lists only; the message itself keeps what it has.</summary>
    private static string Shorten(string subject)
    {
        var clean = subject.Replace('\0', '\uFFFD');
        return clean.Length <= HeaderText.MaxLength ? clean : clean[..HeaderText.MaxLength];
    }

    private static Submission Create(
        Guid id,
        byte[] content,
        string door,
        OutgoingMessage message,
        IReadOnlyList<EmailAddress> recipients,
        MessageRequest request,
        Arrival arrival
    )
    {
        var at = LedgerId.TimeOf(id);
        return new Submission
        {
            TenantId = arrival.Caller.Tenant.Id,
            MessageId = id,
            SubmissionId = arrival.SubmissionId ?? id,
            KeyId = arrival.Caller.KeyId,
            Mode = arrival.Caller.Mode,
            Door = door,
            Stream = request.Stream ?? "transactional",
            FromAddress = message.From.Address.ToString(),
            FromDomain = message.From.Address.Domain,
            Subject = message.Subject,
            Tags = request.Tags ?? [],
            MetadataJson = request.Metadata is null ? null : JsonSerializer.Serialize(request.Metadata),
            TrackOpens = request.Tracking?.Opens ?? false,
            TrackClicks = request.Tracking?.Clicks ?? false,
            Content = content,
            SendAt = request.SendAt > at ? request.SendAt : null,
            Deadline = Deadline(request, at),
            TraceParent = arrival.TraceParent,
            AcceptedAt = at,
            Recipients = [.. recipients.Select(r => new Recipient(r.ToString(), r.Key))],
            Idempotency = arrival.Idempotency,
            Tenant = arrival.Caller.Tenant,
            Newcomer = Newcomer.Of(arrival.Caller, at),
        };
    }

    private static ApiProblem TooManyTokens() =>
        ApiProblem.Malformed(
            "json_too_long",
            $"The JSON of one message has more than {MessageLimits.JsonTokens} names, values and brackets.",
            accepted: $"at most {MessageLimits.JsonTokens} of them"
        );

    private static DateTimeOffset? Deadline(MessageRequest request, DateTimeOffset acceptedAt) =>
        request.DeliverWithin is { } within
            ? (request.SendAt > acceptedAt ? request.SendAt.Value : acceptedAt)
                + MessageRequestValidator.ParseDuration(within)!.Value
            : null;
}
