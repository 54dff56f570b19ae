using System.Buffers;
using System.Diagnostics;
using System.Net;
using Gateway.Api.Acceptance;
using Gateway.Api.Auth;
using Gateway.Api.Auth.Shield;
using Gateway.Api.Problems;
using Gateway.Api.Telemetry;
using Gateway.Mail.Addresses;
using Gateway.Mail.Smtp;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.SmtpSubmission;

/// <summary>
/// What one session may do. The password is an API key and says all there is to say; the user name is not looked at, so
/// "apikey", the tenant or nothing may stand there. A key is judged again at each message: a revoked one stops at once.
/// </summary>
internal sealed partial class SubmissionPolicy(SubmissionDoor door, IPAddress? address) : SmtpServerPolicy, IDisposable
{
    private const string Door = "smtp";
    private readonly SourceNetwork? network = door.Shield.NetworkOf(address);
    private readonly List<EmailAddress> recipients = [];
    private string key = "";
    private Caller? caller;

    public override async ValueTask<SmtpReply?> OnAuth(SmtpPeer peer, SmtpLogin login, CancellationToken cancel)
    {
        // RFC 4616 §2: to act for another is not offered.
        if (login.Authorize.Length > 0 && login.Authorize != login.Identity)
        {
            DoorTelemetry.CountNotLetIn("scope");
            return SmtpReply.Of(535, "5.7.8 The authorization identity must be empty, or the user name");
        }

        switch (await door.Directory.AuthenticateAsync(login.Secret, cancel))
        {
            case KeyVerdict.Known { Caller: var known } when known.May(Scope.Send):
                if (!door.Load.Sessions.TryEnter(known.Tenant.Id))
                {
                    return SmtpReply.Of(421, "4.7.0 This account has too many sessions open; try again in a moment");
                }

                (key, caller) = (login.Secret, known with { Network = network });
                door.Uses.Note(known);
                door.Networks.Note(known.Tenant, network);
                door.Shield.Succeeded(ShieldDoor.Smtp, address);
                return null;
            case KeyVerdict.Known:
                DoorTelemetry.CountNotLetIn("scope");
                return SmtpReply.Of(535, $"5.7.8 This key may not send; it needs the scope '{Scope.Send}'");
            case KeyVerdict.Wrong wrong:
                DoorTelemetry.CountNotLetIn(wrong.Reason);
                return await RefuseAsync(login.Secret, wrong.IsForged, cancel);
            default:
                DoorTelemetry.CountNotLetIn("cannot_tell");
                return SubmissionReplies.KeysAway;
        }
    }

    public override async ValueTask<SmtpReply?> OnMailFrom(SmtpPeer peer, SmtpSender sender, CancellationToken cancel)
    {
        recipients.Clear();
        return await JudgeAgainAsync(cancel) ?? SendingPause.WhyNot(caller!, stream: null, door.Clock.GetUtcNow());
    }

    public override ValueTask<SmtpReply?> OnRcptTo(
        SmtpPeer peer,
        SmtpSender sender,
        SmtpPath recipient,
        CancellationToken cancel
    )
    {
        // Parsed once: what is compared with suppressions and limits is what goes into the next hop's RCPT TO.
        if (!EmailAddress.TryParse(recipient.ToString(), out var parsed, out var error))
        {
            return new(SmtpReply.Of(553, $"5.1.3 RCPT TO: {error.Message}"));
        }

        if (parsed.IsInternational && !door.Route.HasEaiFor(caller!.Mode))
        {
            return new(
                SmtpReply.Of(
                    553,
                    "5.6.7 No path of the route takes an international local part; accepted: an ASCII one"
                )
            );
        }

        recipients.Add(parsed);
        return default;
    }

    public override ValueTask<SmtpReply?> OnData(SmtpPeer peer, SmtpSender sender, CancellationToken cancel) =>
        new(door.Load.IsFull ? SmtpReply.Of(452, "4.3.1 Too much mail at once; try again in a moment") : null);

    public override async ValueTask<SmtpReply> OnMessage(SmtpPeer peer, SmtpMessage message, CancellationToken cancel)
    {
        using var span = DoorTelemetry.StartAccept(Door);
        if (await JudgeAgainAsync(cancel) is { } refusal)
        {
            return refusal;
        }

        var arrival = new Arrival(caller!, Activity.Current?.Id);
        var (submission, stream, problem) = await door.Factory.FromSmtpAsync(
            message.Content.ToArray(),
            recipients,
            arrival
        );
        if (stream is not null && SendingPause.WhyNot(caller!, stream, door.Clock.GetUtcNow()) is { } paused)
        {
            return paused;
        }

        AcceptanceResult? result = null;
        if (submission is not null && problem is null)
        {
            problem = SendingState.WhyNot(caller!, submission) ?? WhyNotCarried(submission);
            if (problem is null)
            {
                // Not given up when the peer goes: what is being committed is committed.
                result = await door.Acceptor.AcceptAsync(submission);
                problem = Answer.Of(submission, result).Problem;
            }
        }

        if (problem is not null)
        {
            DoorTelemetry.CountRefused(Door, problem);
            return SubmissionReplies.Of(problem);
        }

        var accepted = (AcceptanceResult.Accepted)result!;
        var state = accepted.HeldFor is null ? "queued" : "held";
        return SmtpReply.Of(250, $"2.0.0 Ok: {state} as {accepted.MessageId}");
    }

    public override void OnFault(SmtpPeer peer, Exception fault) =>
        Failed(door.Log, LoggableError.Of(fault), caller?.Tenant.Id);

    public void Dispose()
    {
        if (caller is not null)
        {
            door.Load.Sessions.Leave(caller.Tenant.Id);
        }
    }

    private async ValueTask<SmtpReply> RefuseAsync(string given, bool isForged, CancellationToken cancel)
    {
        if (!door.Shield.MayRefuse)
        {
            DoorTelemetry.CountNotLetIn("overloaded");
            return SubmissionReplies.KeysAway;
        }

        return await door.Shield.FailedAsync(ShieldDoor.Smtp, address, given, isForged, cancel) is { } later
            ? SmtpReply.Of(421, $"4.7.0 Too many failed logins from there; come again in {(int)later.TotalSeconds} s")
            : SubmissionReplies.WrongKey;
    }

    /// <summary>A session may last for hours, a key's permission may not.</summary>
    private async ValueTask<SmtpReply?> JudgeAgainAsync(CancellationToken cancel)
    {
        switch (await door.Directory.AuthenticateAsync(key, cancel))
        {
            case KeyVerdict.Known { Caller: var known } when known.May(Scope.Send):
                caller = known with { Network = network };
                return null;
            case KeyVerdict.CannotTell:
                DoorTelemetry.CountNotLetIn("cannot_tell");
                return SubmissionReplies.ComeAgain;
            default:
                // Temporary and final at once: the next login hears for good that the key is wrong, and no mail bounces here.
                return SubmissionReplies.Gone;
        }
    }

    /// <summary>An RFC 6532 header needs SMTPUTF8 on the next hop as much as an address does.</summary>
    private ApiProblem? WhyNotCarried(Submission submission) =>
        !door.Route.HasEaiFor(caller!.Mode) && RawMessage.HasInternationalHeader(submission.Content)
            ? ApiProblem.Invalid(
                FieldError.Of(
                    "not_accepted",
                    "message",
                    "a header that is not ASCII",
                    "headers in ASCII with encoded words (RFC 2047); no path of the route takes others"
                )
            )
            : null;

    [LoggerMessage(
        1,
        LogLevel.Error,
        "A session of tenant {Tenant} met an error of ours; its client was told to come again"
    )]
    private static partial void Failed(ILogger log, Exception problem, Guid? tenant);
}
