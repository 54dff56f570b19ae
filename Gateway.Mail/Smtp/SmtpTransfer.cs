using System.Buffers;

namespace Gateway.Mail.Smtp;

/// <summary>One mail transaction on the wire: envelope, replies, content, verdict.</summary>
internal sealed class SmtpTransfer(SmtpWire wire, SmtpExtensions offered, bool pipelining)
{
    private volatile SmtpPhase phase = SmtpPhase.MailFrom;
    private SmtpReply[] recipients = [];
    private int answered;
    private bool dotWritten;

    /// <summary>Where it stands; read from other threads while it runs.</summary>
    public SmtpPhase Phase => phase;

    /// <summary>The envelope that went out together with this message's end.</summary>
    public SmtpEnvelope? Announced { get; private set; }

    /// <summary>The server holds an envelope without content: RSET before the next MAIL.</summary>
    public bool LeftOpen { get; private set; }

    public async Task<SmtpTransaction> Run(SmtpSubmission message, bool announced, bool reset, SmtpEnvelope? next)
    {
        try
        {
            var refusal = pipelining
                ? await Envelope(message.Envelope, message.Content.Length, announced, reset)
                : await EnvelopeStepwise(message.Envelope, message.Content.Length, reset);
            if (refusal is not null)
            {
                return Verdict(refusal, SmtpFailureKind.Refused);
            }

            phase = SmtpPhase.Content;
            await Content(message.Content, next);
            phase = SmtpPhase.FinalDot;
            var final = await wire.Read(SmtpPhase.FinalDot);
            return (final.Code / 100) switch
            {
                2 => Verdict(final, SmtpFailureKind.None),
                // More is asked for where nothing is left to give.
                3 => throw wire.Break(phase, SmtpFailureKind.Protocol, $"unexpected {final.Code}", inner: null),
                _ => Verdict(final, SmtpFailureKind.Refused),
            };
        }
        catch (SmtpFailure failure)
        {
            return await Failed(failure);
        }
    }

    private async ValueTask<SmtpReply?> Envelope(SmtpEnvelope envelope, long size, bool announced, bool reset)
    {
        if (!announced)
        {
            await RefuseUnasked();
            if (reset)
            {
                wire.Write("RSET\r\n"u8);
            }

            Write(envelope, size);
            await wire.Flush(SmtpPhase.MailFrom);
            if (reset)
            {
                await Read(SmtpPhase.Reset);
            }
        }

        // RFC 2920 §3.1: every reply is read, whatever the first one said, or the next message takes them for its own.
        var mail = await Read(SmtpPhase.MailFrom);
        LeftOpen = mail.IsPositive;
        var refusal = mail.IsPositive ? null : mail;
        var anyone = false;
        recipients = new SmtpReply[envelope.Recipients.Count];
        for (var i = 0; i < recipients.Length; i++)
        {
            recipients[i] = await Read(SmtpPhase.RcptTo, keepPhase: refusal is not null);
            answered++;
            anyone |= recipients[i].IsPositive;
        }

        refusal ??= anyone ? null : recipients[0];
        var data = await Read(SmtpPhase.Data, keepPhase: refusal is not null);
        if (data.Code == 354 && refusal is not null)
        {
            await EndEmpty(anyone);
        }

        return refusal ?? Go(data);
    }

    private async ValueTask<SmtpReply?> EnvelopeStepwise(SmtpEnvelope envelope, long size, bool reset)
    {
        await RefuseUnasked();
        if (reset)
        {
            wire.Write("RSET\r\n"u8);
            await wire.Flush(SmtpPhase.Reset);
            await Read(SmtpPhase.Reset);
        }

        WriteMail(envelope, size);
        await wire.Flush(SmtpPhase.MailFrom);
        var mail = await Read(SmtpPhase.MailFrom);
        if (!mail.IsPositive)
        {
            return mail;
        }

        LeftOpen = true;
        recipients = new SmtpReply[envelope.Recipients.Count];
        var anyone = false;
        foreach (var recipient in envelope.Recipients)
        {
            WriteRecipient(recipient);
            await wire.Flush(SmtpPhase.RcptTo);
            var reply = await Read(SmtpPhase.RcptTo);
            recipients[answered++] = reply;
            anyone |= reply.IsPositive;
        }

        if (!anyone)
        {
            return recipients[0];
        }

        wire.Write("DATA\r\n"u8);
        await wire.Flush(SmtpPhase.Data);
        return Go(await Read(SmtpPhase.Data));
    }

    private SmtpReply? Go(SmtpReply data)
    {
        if (data.Code != 354)
        {
            return data.IsPositive
                ? throw wire.Break(phase, SmtpFailureKind.Protocol, $"unexpected {data.Code}", inner: null)
                : data;
        }

        // A reply that is here before its question was not meant for it.
        return wire.HasUnread
            ? throw wire.Break(phase, SmtpFailureKind.Protocol, "a reply before the content", inner: null)
            : null;
    }

    private async ValueTask Content(ReadOnlySequence<byte> content, SmtpEnvelope? next)
    {
        var encoder = new DotStuffing.Encoder();
        foreach (var segment in content)
        {
            var rest = segment;
            while (!rest.IsEmpty)
            {
                var step = encoder.Next(rest.Span);
                if (step.Clean > wire.Room)
                {
                    await wire.Flush(SmtpPhase.Content);
                }

                if (step.Clean > SmtpWire.OutputSize / 2)
                {
                    // A long clean run goes to the socket from the caller's own memory; a short one shares a write.
                    await wire.Flush(SmtpPhase.Content);
                    await wire.Send(SmtpPhase.Content, rest[..step.Clean]);
                }
                else
                {
                    wire.Write(rest.Span[..step.Clean]);
                }

                wire.Write(DotStuffing.Bytes(step.Insert));
                rest = rest[(step.Clean + step.Skip)..];
            }
        }

        wire.Write(encoder.Finish());
        if (next is not null)
        {
            Write(next, next.Size);
            Announced = next;
        }

        dotWritten = true;
        LeftOpen = false;
        await wire.Flush(SmtpPhase.Content);
    }

    private void Write(SmtpEnvelope envelope, long? size)
    {
        WriteMail(envelope, size);
        for (var i = 0; i < envelope.Recipients.Count; i++)
        {
            WriteRecipient(envelope.Recipients[i]);
        }

        wire.Write("DATA\r\n"u8);
    }

    private void WriteMail(SmtpEnvelope envelope, long? size)
    {
        wire.Write("MAIL FROM:<"u8);
        wire.Write(envelope.From.ToString());
        wire.Write(">"u8);
        if (offered.Size && (envelope.Size ?? size) is { } octets)
        {
            wire.Write(" SIZE="u8);
            wire.Write(octets);
        }

        // Only what was offered may be said (RFC 5321 §4.1.1.11); what is needed and not offered was refused before.
        if ((envelope.Needs8BitMime || envelope.NeedsSmtpUtf8) && offered.EightBitMime)
        {
            wire.Write(" BODY=8BITMIME"u8);
        }

        if (envelope.NeedsSmtpUtf8)
        {
            wire.Write(" SMTPUTF8"u8);
        }

        wire.Write("\r\n"u8);
    }

    private void WriteRecipient(SmtpPath recipient)
    {
        wire.Write("RCPT TO:<"u8);
        wire.Write(recipient.ToString());
        wire.Write(">\r\n"u8);
    }

    // Nobody is to receive anything, yet the server waits for content: RFC 2920 §3.1 sends the lone dot. A server that
    // refused the sender and took a recipient all the same would deliver that emptiness: leave it.
    private async ValueTask EndEmpty(bool anyone)
    {
        LeftOpen = false;
        if (anyone)
        {
            wire.Broken = true;
            return;
        }

        wire.Write(".\r\n"u8);
        await wire.Flush(SmtpPhase.Data);
        await Read(SmtpPhase.FinalDot, keepPhase: true);
    }

    // What came while the connection rested is a farewell (421), or nothing that can be trusted.
    private async ValueTask RefuseUnasked()
    {
        if (wire.HasUnread)
        {
            var reply = await Read(SmtpPhase.MailFrom);
            wire.Broken = true;
            throw new SmtpFailure(phase, SmtpFailureKind.Closed, $"unasked: {reply}", reply, inner: null);
        }
    }

    private async ValueTask<SmtpReply> Read(SmtpPhase at, bool keepPhase = false)
    {
        phase = keepPhase ? phase : at;
        var reply = await wire.Read(at);
        return reply.Code != 421 ? reply : throw new SmtpFailure(phase, SmtpFailureKind.Refused, "421", reply, null);
    }

    private async ValueTask<SmtpTransaction> Failed(SmtpFailure failure)
    {
        wire.Broken = true;
        var reply = failure.Reply;
        if (failure is { Kind: SmtpFailureKind.Closed } && reply is null && phase == SmtpPhase.Content)
        {
            reply = await LastWords();
        }

        var refused = reply is { IsPositive: false };
        return new SmtpTransaction
        {
            Accepted = false,
            Phase = phase,
            Reply = reply,
            Recipients = Answered(),
            Failure = refused ? SmtpFailureKind.Refused : failure.Kind,
            MayHaveBeenAccepted = dotWritten && !refused,
            Detail = refused ? $"{phase}: {reply}" : failure.Message,
        };
    }

    // A server that refuses in the middle answers and closes; the reset of our write hides what it said.
    private async ValueTask<SmtpReply?> LastWords()
    {
        try
        {
            return await wire.Read(SmtpPhase.Quit);
        }
        catch (SmtpFailure)
        {
            return null;
        }
    }

    private SmtpTransaction Verdict(SmtpReply reply, SmtpFailureKind kind) =>
        new()
        {
            Accepted = kind == SmtpFailureKind.None,
            Phase = phase,
            Reply = reply,
            Recipients = Answered(),
            Failure = kind,
            Detail = kind == SmtpFailureKind.None ? "" : $"{phase}: {reply}",
        };

    private IReadOnlyList<SmtpReply> Answered() =>
        answered == recipients.Length ? recipients : recipients.AsSpan(0, answered).ToArray();
}
