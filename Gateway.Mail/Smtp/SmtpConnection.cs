using System.Buffers;
using System.Net.Security;

namespace Gateway.Mail.Smtp;

/// <summary>
/// An open, greeted and (if asked) authenticated client session. One exchange at a time; not thread-safe. Reuse it
/// while <see cref="IsReusable"/>; after a time-out or any doubt it never is.
/// </summary>
public sealed class SmtpConnection : IAsyncDisposable
{
    private readonly SmtpClientOptions options;
    private readonly SmtpWire wire;
    private SmtpTransfer? transfer;
    private SmtpEnvelope? ahead;
    private bool needsReset;

    private SmtpConnection(SmtpClientOptions options, SmtpWire wire, SmtpExtensions extensions)
    {
        (this.options, this.wire, Extensions) = (options, wire, extensions);
        LastUsed = options.Time.GetUtcNow();
    }

    public SmtpExtensions Extensions { get; }

    public bool IsSecured => wire.Detach() is SslStream;

    /// <summary>
    /// False after a time-out, a protocol error, a 421, a lost connection or an unknown end, and while an announced
    /// envelope waits for its content.
    /// </summary>
    public bool IsReusable => !wire.Broken && ahead is null;

    /// <summary>The envelope that the server has already; the next message must be for it.</summary>
    public SmtpEnvelope? Announced => ahead;

    /// <summary>
    /// Where the running (or the last) transaction stands. A caller that sees <see cref="SmtpPhase.FinalDot"/> for long
    /// knows that only the answer is missing.
    /// </summary>
    public SmtpPhase Phase => transfer?.Phase ?? SmtpPhase.Hello;

    /// <summary>Transactions tried on this connection.</summary>
    public int ExchangeCount { get; private set; }

    public DateTimeOffset LastUsed { get; private set; }

    /// <exception cref="SmtpFailure">The session could not be opened; nothing of any message was sent.</exception>
    public static async Task<SmtpConnection> ConnectAsync(SmtpClientOptions options, CancellationToken cancel = default)
    {
        var (wire, extensions) = await SmtpConnector.Open(options, cancel);
        return new SmtpConnection(options, wire, extensions);
    }

    /// <summary>Sends one message. See the overload that also announces the next one.</summary>
    public Task<SmtpTransaction> SendAsync(
        SmtpEnvelope envelope,
        ReadOnlyMemory<byte> content,
        CancellationToken cancel = default
    ) => SendAsync(new SmtpSubmission(envelope, new ReadOnlySequence<byte>(content)), next: null, cancel);

    /// <inheritdoc cref="SendAsync(SmtpEnvelope, ReadOnlyMemory{byte}, CancellationToken)"/>
    public Task<SmtpTransaction> SendAsync(
        SmtpEnvelope envelope,
        ReadOnlySequence<byte> content,
        CancellationToken cancel = default
    ) => SendAsync(new SmtpSubmission(envelope, content), next: null, cancel);

    /// <summary>
    /// Sends one message and, where the server pipelines, the envelope of the <paramref name="next"/> in the same
    /// write as this one's end (RFC 2920 §3.1). The next call must then be for exactly that envelope. Never throws
    /// for what the server or the network does: the verdict is the value.
    /// </summary>
    public async Task<SmtpTransaction> SendAsync(
        SmtpSubmission message,
        SmtpEnvelope? next,
        CancellationToken cancel = default
    )
    {
        if (ahead is not null && !ReferenceEquals(ahead, message.Envelope))
        {
            throw new InvalidOperationException("another envelope was announced to the server");
        }

        if (wire.Broken)
        {
            return Unusable;
        }

        if (SmtpCapability.Objection(message.Envelope, message.Content.Length, Extensions) is { } objection)
        {
            wire.Broken |= ahead is not null; // the server waits for content that will not come
            return objection;
        }

        if (!options.Pipelining || !Extensions.Pipelining || Objects(next))
        {
            next = null;
        }

        using var exchange = wire.Begin(cancel);
        transfer = new SmtpTransfer(wire, Extensions, options.Pipelining && Extensions.Pipelining);
        var result = await transfer.Run(message, announced: ahead is not null, needsReset, next);
        ahead = transfer.Announced;
        needsReset = transfer.LeftOpen;
        ExchangeCount++;
        LastUsed = options.Time.GetUtcNow();
        return result;
    }

    /// <summary>
    /// Sends messages in order, each announced with the end of the one before it. <paramref name="told"/> hears each
    /// verdict as it comes. Once the connection is lost, the rest are <see cref="SmtpFailureKind.Closed"/> and unsent.
    /// </summary>
    public async Task<IReadOnlyList<SmtpTransaction>> SendManyAsync(
        IReadOnlyList<SmtpSubmission> messages,
        Action<int, SmtpTransaction>? told = null,
        CancellationToken cancel = default
    )
    {
        var results = new SmtpTransaction[messages.Count];
        for (var i = 0; i < messages.Count; i++)
        {
            var next = i + 1 < messages.Count ? messages[i + 1].Envelope : null;
            results[i] = await SendAsync(messages[i], next, cancel);
            told?.Invoke(i, results[i]);
        }

        return results;
    }

    /// <summary>RSET. False when the connection is of no more use.</summary>
    public async Task<bool> ResetAsync(CancellationToken cancel = default)
    {
        if (ahead is not null)
        {
            wire.Broken = true; // the server waits for content, which no command can interrupt
        }

        return await Command(SmtpPhase.Reset, "RSET\r\n"u8.ToArray(), cancel) && (needsReset = false) == false;
    }

    /// <summary>Says good-bye if there is somebody to say it to, and closes either way.</summary>
    public async Task QuitAsync(CancellationToken cancel = default)
    {
        if (ahead is null)
        {
            await Command(SmtpPhase.Quit, "QUIT\r\n"u8.ToArray(), cancel);
        }

        await DisposeAsync();
    }

    public ValueTask DisposeAsync() => wire.DisposeAsync();

    private static SmtpTransaction Unusable { get; } =
        new()
        {
            Accepted = false,
            Phase = SmtpPhase.MailFrom,
            Failure = SmtpFailureKind.Closed,
            Detail = "the connection was no longer usable; nothing of this message was sent",
        };

    // Its size is not known yet; when it turns out too large, its own call closes the matter.
    private bool Objects(SmtpEnvelope? next) =>
        next is null || SmtpCapability.Objection(next, next.Size ?? 0, Extensions) is not null;

    private async Task<bool> Command(SmtpPhase phase, ReadOnlyMemory<byte> line, CancellationToken cancel)
    {
        if (wire.Broken)
        {
            return false;
        }

        using var exchange = wire.Begin(cancel);
        try
        {
            await wire.Send(phase, line);
            var reply = await wire.Read(phase);
            LastUsed = options.Time.GetUtcNow();
            wire.Broken |= !reply.IsPositive || phase == SmtpPhase.Quit;
            return !wire.Broken;
        }
        catch (SmtpFailure)
        {
            return false;
        }
    }
}
