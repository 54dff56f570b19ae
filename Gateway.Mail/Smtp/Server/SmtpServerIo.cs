using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Gateway.Mail.Smtp.Server;

/// <summary>How a wait for a line ended.</summary>
internal enum LineKind
{
    Line,
    Closed,
    TooLong,
    BareLineEnd,
    NotText,
}

/// <summary>
/// Lines in, replies out. Replies are collected while further commands are at hand already, and flushed before waiting
/// (RFC 2920 §3.2).
/// </summary>
internal sealed class SmtpServerIo(IDuplexPipe transport, CancellationToken stop) : IDisposable
{
    // RFC 4954 §4: an AUTH line or answer may have 12,288 octets; other commands are measured by the session.
    private const int MaxLine = 12_288;

    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(30);

    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    private readonly CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(stop);

    public IDuplexPipe Transport { get; private set; } = transport;

    /// <summary>Bytes of the peer wait to be read, without waiting for more.</summary>
    public bool HasBuffered
    {
        get
        {
            if (!Transport.Input.TryRead(out var read))
            {
                return false;
            }

            Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
    }

    public void Switch(IDuplexPipe secured) => Transport = secured;

    public async ValueTask<(LineKind Kind, string Text)> ReadLine(TimeSpan timeout)
    {
        timer.CancelAfter(timeout);
        while (true)
        {
            var read = await Read();
            var line = Line(read.Buffer, out var consumed);
            Transport.Input.AdvanceTo(consumed, line is null ? read.Buffer.End : consumed);
            if (line is { } found)
            {
                timer.CancelAfter(Timeout.InfiniteTimeSpan);
                return found;
            }

            if (read.IsCompleted)
            {
                return (LineKind.Closed, "");
            }
        }
    }

    /// <summary>Waits for bytes of content; the caller advances. Each wait has its own time.</summary>
    public ValueTask<ReadResult> ReadContent(TimeSpan timeout)
    {
        timer.CancelAfter(timeout);
        return Read();
    }

    /// <summary>Reads on without hearing, so that the peer can still read our last words before the close.</summary>
    public async ValueTask Drain(TimeSpan time)
    {
        const long most = 1024 * 1024;
        try
        {
            timer.CancelAfter(time);
            for (long heard = 0; heard < most; )
            {
                var read = await Read();
                heard += read.Buffer.Length;
                Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException) { }
    }

    /// <summary>Writes a reply; on the wire with the next wait or <see cref="Flush"/>.</summary>
    public void Write(SmtpReply reply, bool plain = false)
    {
        foreach (var line in ReplyLines.Of(reply, plain))
        {
            var room = Transport.Output.GetSpan(Encoding.UTF8.GetMaxByteCount(line.Length));
            Transport.Output.Advance(Encoding.UTF8.GetBytes(line, room));
        }
    }

    /// <summary>Puts what was written on the wire; a peer that reads nothing is left after a while.</summary>
    public async ValueTask Flush()
    {
        timer.CancelAfter(WriteTimeout);
        await Transport.Output.FlushAsync(timer.Token);
        timer.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Nothing is waited for while the policy thinks.</summary>
    public void Rest() => timer.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose() => timer.Dispose();

    private async ValueTask<ReadResult> Read()
    {
        if (Transport.Input.TryRead(out var ready) && (!ready.Buffer.IsEmpty || ready.IsCompleted))
        {
            return ready;
        }

        await Transport.Output.FlushAsync(timer.Token);
        return await Transport.Input.ReadAsync(timer.Token);
    }

    private static (LineKind, string)? Line(ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        consumed = buffer.Start;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadToAny(out ReadOnlySequence<byte> line, "\r\n\0"u8, advancePastDelimiter: false))
        {
            return buffer.Length > MaxLine ? (LineKind.TooLong, "") : null;
        }

        if (line.Length > MaxLine)
        {
            return (LineKind.TooLong, "");
        }

        // RFC 5321 §2.3.8: a command ends at CRLF and nowhere else.
        reader.TryRead(out var first);
        if (first != '\r')
        {
            return (LineKind.BareLineEnd, "");
        }

        if (!reader.TryRead(out var second))
        {
            return null;
        }

        if (second != '\n')
        {
            return (LineKind.BareLineEnd, "");
        }

        consumed = reader.Position;
        try
        {
            return (LineKind.Line, Strict.GetString(line));
        }
        catch (DecoderFallbackException)
        {
            return (LineKind.NotText, "");
        }
    }
}
