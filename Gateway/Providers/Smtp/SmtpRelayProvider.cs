using System.Buffers;
using System.Text;
using Gateway.Mail;
using Gateway.Mail.Smtp;
using Gateway.Net;
using Gateway.Providers.Outcomes;

namespace Gateway.Providers.Smtp;

/// <summary>Any relay that speaks SMTP: connections are kept and reused, one exchange at a time on each.</summary>
public sealed class SmtpRelayProvider : IProvider
{
    /// <summary>The classifier's last word on a message: a 5xx whose words and enhanced code no line knows.</summary>
    private const string UnknownRule = "code/message";

    private readonly SmtpConnectionPool pool;
    private readonly SmtpHop hop;
    private readonly UnknownTexts unknownTexts;
    private readonly string? secret;
    private volatile PathCapabilities capabilities;

    public SmtpRelayProvider(SmtpRelayOptions options, TimeProvider clock)
        : this(options, clock, connector: null) { }

    public SmtpRelayProvider(SmtpRelayOptions options, ProviderServices services)
        : this(options, services.Clock, new GuardedConnector(services.Addresses)) { }

    internal SmtpRelayProvider(SmtpRelayOptions options, TimeProvider clock, GuardedConnector? connector)
    {
        pool = new SmtpConnectionPool(options.ToClientOptions(clock, connector), clock);
        unknownTexts = new UnknownTexts(clock, options.UnknownTextsAMinute);
        secret = options.Secret;
        hop = options.RemoteMx ? SmtpHop.RemoteMx : SmtpHop.SubmissionRelay;
        // Until the relay said so itself, an international address waits for its first EHLO.
        capabilities = new PathCapabilities
        {
            Eai = true,
            Signs = PathSigner.Us,
            Events = PathEvents.Bounces,
        };
    }

    public PathCapabilities Capabilities => capabilities;

    public async Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel)
    {
        if (!SmtpPath.TryCreate(mail.MailFrom, out var from) || !SmtpPath.TryCreate(mail.Recipient, out var recipient))
        {
            return new SendResult(
                Outcome.AdapterBug,
                OutcomeScope.Message,
                nameof(SmtpPhase.MailFrom),
                "an address of the ledger is no SMTP path"
            );
        }

        var envelope = new SmtpEnvelope(from, recipient)
        {
            NeedsSmtpUtf8 = mail.NeedsSmtpUtf8 || from.IsInternational || recipient.IsInternational,
            Needs8BitMime = !IsAscii(mail.Content),
            Size = mail.Content.Length,
        };
        SendResult result;
        try
        {
            result = Judge(await TransmitAsync(envelope, mail.Content, cancel));
        }
        catch (SmtpFailure failure)
        {
            result = Judge(failure);
        }
        catch (AddressRefusedException refused)
        {
            result = Judge(refused);
        }

        return unknownTexts.Judge(WithoutSecret(result), mail.MessageId);
    }

    /// <summary>A connection of its own, with greeting, EHLO, TLS and AUTH: one that was kept proves nothing.</summary>
    public async Task<SendResult> ProbeAsync(CancellationToken cancel)
    {
        try
        {
            await using var connection = await pool.ConnectAsync(cancel);
            await connection.QuitAsync();
            return new SendResult(Outcome.Accepted, OutcomeScope.None, "Probe", "greeting, EHLO and login were good");
        }
        catch (SmtpFailure failure)
        {
            return WithoutSecret(Judge(failure));
        }
        catch (AddressRefusedException refused)
        {
            return Judge(refused);
        }
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    private async Task<SmtpTransaction> TransmitAsync(
        SmtpEnvelope envelope,
        ReadOnlySequence<byte> content,
        CancellationToken cancel
    )
    {
        while (true)
        {
            var (connection, isFresh) = await pool.TakeAsync(cancel);
            Learn(connection.Extensions);
            var transaction = await connection.SendAsync(envelope, content, cancel);
            await pool.ReturnAsync(connection);

            // The relay closed a kept connection meanwhile; nothing of this message left, so it costs nothing to call again.
            var wasStale =
                !isFresh
                && transaction is { Accepted: false, MayHaveBeenAccepted: false, Reply: null or { Code: 421 } }
                && transaction.Failure is SmtpFailureKind.Closed or SmtpFailureKind.Refused
                && transaction.Phase == SmtpPhase.MailFrom;
            if (!wasStale)
            {
                return transaction;
            }
        }
    }

    /// <summary>Another object only where something changed: whoever holds a snapshot sees by that whether it is old.</summary>
    private void Learn(SmtpExtensions said)
    {
        var learnt = capabilities with
        {
            Eai = said.SmtpUtf8,
            // RFC 6531 §3.3: whoever takes SMTPUTF8 takes eight bits.
            EightBit = said.EightBitMime || said.SmtpUtf8,
            MaxSize = said.MaxSize,
        };
        if (learnt != capabilities)
        {
            capabilities = learnt;
        }
    }

    private static bool IsAscii(ReadOnlySequence<byte> content)
    {
        foreach (var part in content)
        {
            if (!Ascii.IsValid(part.Span))
            {
                return false;
            }
        }

        return true;
    }

    private SendResult Judge(SmtpTransaction transaction)
    {
        var phase = transaction.Phase.ToString();
        if (transaction.Accepted)
        {
            return new SendResult(Outcome.Accepted, OutcomeScope.None, phase, transaction.Reply!.ToString());
        }

        if (transaction.MayHaveBeenAccepted)
        {
            return new SendResult(Outcome.Unknown, OutcomeScope.Account, phase, transaction.Detail);
        }

        if (transaction.Failure is SmtpFailureKind.Capability or SmtpFailureKind.TooLarge)
        {
            // The path cannot carry this message; others may, and other messages may go here.
            return new SendResult(Outcome.PathDown, OutcomeScope.Message, phase, transaction.Detail);
        }

        return transaction.Reply is { } reply
            ? Classify(transaction.Phase, reply)
            : new SendResult(Outcome.PathDown, OutcomeScope.Account, phase, transaction.Detail);
    }

    private static SendResult Judge(AddressRefusedException refused) =>
        new(Outcome.PathDown, OutcomeScope.Account, nameof(SmtpPhase.Connect), refused.Message);

    private SendResult Judge(SmtpFailure failure) =>
        failure.Reply is { } reply && failure.Phase is not (SmtpPhase.Connect or SmtpPhase.Tls)
            ? Classify(failure.Phase, reply)
            : new SendResult(Outcome.PathDown, OutcomeScope.Account, failure.Phase.ToString(), failure.Message);

    private SendResult Classify(SmtpPhase phase, SmtpReply reply)
    {
        var verdict = SmtpClassifier.Classify(phase, reply, hop);
        // A relay that was told no recipient yet can mean none: "try again in 30 seconds" is then its own rate.
        if (hop == SmtpHop.SubmissionRelay && phase < SmtpPhase.RcptTo && IsOfRecipient(verdict.Outcome))
        {
            verdict = reply.IsTransient
                ? verdict with
                {
                    Outcome = Outcome.PathThrottled,
                    Scope = OutcomeScope.Account,
                }
                : verdict with
                {
                    Outcome = Outcome.PathDown,
                    Scope = OutcomeScope.Identity,
                };
        }

        return new SendResult(verdict.Outcome, verdict.Scope, phase.ToString(), reply.ToString())
        {
            RetryAfter = verdict.RetryAfter,
            UnknownText = verdict.Rule == UnknownRule ? $"{reply.Code} {RefusalText.Of(reply.Text)}" : null,
        };
    }

    private static bool IsOfRecipient(Outcome outcome) =>
        outcome is Outcome.RecipientTemporary or Outcome.RecipientPermanent;

    // A server that says our password back shall not bring it into the ledger.
    private SendResult WithoutSecret(SendResult result) =>
        secret is { Length: > 0 } && result.Reply.Contains(secret, StringComparison.Ordinal)
            ? result with
            {
                Reply = result.Reply.Replace(secret, "***", StringComparison.Ordinal),
            }
            : result;
}
