using System.Buffers;

namespace Gateway.Mail.Smtp;

/// <summary>Who a transaction is from and for, and what it needs of the server.</summary>
public sealed class SmtpEnvelope
{
    /// <summary>RFC 5321 §4.5.3.1.8: every server takes 100 recipients; one pipelined group stays small enough not to block.</summary>
    public const int MaxRecipients = 100;

    public SmtpEnvelope(SmtpPath from, params IReadOnlyList<SmtpPath> recipients)
    {
        if (recipients.Count is 0 or > MaxRecipients || recipients.Any(r => r.IsNull))
        {
            throw new ArgumentException($"an envelope has 1 to {MaxRecipients} recipients", nameof(recipients));
        }

        From = from;
        Recipients = recipients;
        NeedsSmtpUtf8 = from.IsInternational || recipients.Any(r => r.IsInternational);
    }

    public SmtpPath From { get; }

    public IReadOnlyList<SmtpPath> Recipients { get; }

    /// <summary>An address, or a header of the message, is not ASCII (RFC 6531 §3.1). Set by the addresses already.</summary>
    public bool NeedsSmtpUtf8 { get; init; }

    /// <summary>The body has octets above 127 (RFC 6152).</summary>
    public bool Needs8BitMime { get; init; }

    /// <summary>The message's size in octets, declared by SIZE= (RFC 1870 §6) when known and offered.</summary>
    public long? Size { get; init; }
}

/// <summary>One message on its way: an envelope and bytes that are sent once, line ends and leading dots mended on the way.</summary>
public readonly record struct SmtpSubmission(SmtpEnvelope Envelope, ReadOnlySequence<byte> Content);
