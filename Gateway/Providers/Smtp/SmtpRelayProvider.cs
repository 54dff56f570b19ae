using System.Buffers;
using System.Text;
using Gateway.Mail;
using Gateway.Mail.Smtp;

namespace Gateway.Providers.Smtp;

/// <summary>Any relay that speaks SMTP: connections are kept and reused, one exchange at a time on each.</summary>
public sealed class SmtpRelayProvider : IProvider
{
    private readonly SmtpConnectionPool pool;
    private readonly SmtpHop hop;
    private volatile PathCapabilities capabilities;

    public SmtpRelayProvider(SmtpRelayOptions options, TimeProvider clock)
    {
        pool = new SmtpConnectionPool(options.ToClientOptions(clock), clock);
        hop = options.RemoteMx ? SmtpHop.RemoteMx : SmtpHop.SubmissionRelay;
        // Until the relay said so itself, an international address waits for its first EHLO.
        capabilities = new PathCapabilities { Eai = true, WeSign = true };
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
        try
        {
            return Judge(await TransmitAsync(envelope, mail.Content, cancel));
        }
        catch (SmtpFailure failure)
        {
            return Judge(failure);
        }
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
            return Judge(failure);
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
        if (said.SmtpUtf8 != capabilities.Eai || said.MaxSize != capabilities.MaxSize)
        {
            capabilities = capabilities with { Eai = said.SmtpUtf8, MaxSize = said.MaxSize };
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

    private SendResult Judge(SmtpFailure failure) =>
        failure.Reply is { } reply && failure.Phase is not (SmtpPhase.Connect or SmtpPhase.Tls)
            ? Classify(failure.Phase, reply)
            : new SendResult(Outcome.PathDown, OutcomeScope.Account, failure.Phase.ToString(), failure.Message);

    private SendResult Classify(SmtpPhase phase, SmtpReply reply)
    {
        var verdict = SmtpClassifier.Classify(phase, reply, hop);
        return new SendResult(verdict.Outcome, verdict.Scope, phase.ToString(), reply.ToString())
        {
            RetryAfter = verdict.RetryAfter,
        };
    }
}
