using System.Buffers;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Mail.Smtp;

/// <summary>
/// The bytes of one client connection: one pooled buffer each way, one timer, replies framed and bounded. Every
/// failure leaves as <see cref="SmtpFailure"/> with its phase, and <see cref="Broken"/> says so for ever after.
/// </summary>
internal sealed class SmtpWire : IAsyncDisposable
{
    // One write of a common message with its envelope; larger content goes out from the caller's own memory.
    internal const int OutputSize = 32 * 1024;
    private const int InputSize = 4 * 1024;

    private readonly SmtpClientOptions options;
    private readonly SmtpReply?[] known = new SmtpReply?[(int)SmtpPhase.Quit + 1];
    private readonly byte[]?[] knownBytes = new byte[]?[(int)SmtpPhase.Quit + 1];
    private Stream stream;
    private byte[] input = ArrayPool<byte>.Shared.Rent(InputSize);
    private int start;
    private int end;
    private byte[] output = ArrayPool<byte>.Shared.Rent(OutputSize);
    private int filled;
    private readonly CancellationTokenSource timer = new();
    private CancellationToken caller;
    private bool busy;

    public SmtpWire(SmtpClientOptions options, Stream stream)
    {
        this.options = options;
        this.stream = stream;
    }

    /// <summary>No further exchange may use this connection.</summary>
    public bool Broken { get; set; }

    /// <summary>Bytes came that nobody asked for.</summary>
    public bool HasUnread => end > start;

    public int Filled => filled;

    public int Room => OutputSize - filled;

    /// <summary>Ties the caller's cancellation to this exchange, which ends with <see cref="Exchange.Dispose"/>.</summary>
    public Exchange Begin(CancellationToken cancel)
    {
        if (busy)
        {
            throw new InvalidOperationException("one exchange at a time on a connection");
        }

        (busy, caller) = (true, cancel);
        return new Exchange(
            this,
            cancel.UnsafeRegister(static timer => ((CancellationTokenSource)timer!).Cancel(), timer)
        );
    }

    public readonly struct Exchange(SmtpWire wire, CancellationTokenRegistration registration) : IDisposable
    {
        public void Dispose()
        {
            registration.Dispose();
            // Disarmed, or it would fire while the connection rests; fired already, the connection is of no use.
            wire.Broken |= !wire.timer.TryReset();
            wire.busy = false;
        }
    }

    public Stream Detach() => stream;

    /// <summary>
    /// Goes on over <paramref name="secured"/>. Whatever was read in clear is forgotten: it is not the server's word.
    /// </summary>
    public void Switch(Stream secured)
    {
        stream = secured;
        (start, end, filled) = (0, 0, 0);
        Array.Clear(known);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Grow(bytes.Length);
        bytes.CopyTo(output.AsSpan(filled));
        filled += bytes.Length;
    }

    public void Write(string text)
    {
        Grow(Encoding.UTF8.GetMaxByteCount(text.Length));
        filled += Encoding.UTF8.GetBytes(text, output.AsSpan(filled));
    }

    public void Write(long number)
    {
        Grow(20);
        System.Buffers.Text.Utf8Formatter.TryFormat(number, output.AsSpan(filled), out var written);
        filled += written;
    }

    /// <summary>Sends what was written, and forgets it (it may have been a password).</summary>
    public async ValueTask Flush(SmtpPhase phase)
    {
        if (filled == 0)
        {
            return;
        }

        var length = filled;
        filled = 0;
        await Send(phase, output.AsMemory(0, length));
        if (phase == SmtpPhase.Auth)
        {
            output.AsSpan(0, length).Clear();
        }
    }

    public async ValueTask Send(SmtpPhase phase, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            Arm(phase);
            await stream.WriteAsync(bytes, timer.Token);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or ObjectDisposedException)
        {
            throw Break(phase, problem);
        }
    }

    public ValueTask<SmtpReply> Read(SmtpPhase phase)
    {
        var framing = new SmtpReplyFraming(options.Limits);
        return framing.Advance(input.AsSpan(start, end - start)) switch
        {
            SmtpReplyFraming.Result.Complete => ValueTask.FromResult(Take(phase, framing.Length)),
            SmtpReplyFraming.Result.More => ReadMore(phase, framing),
            _ => throw Break(phase, SmtpFailureKind.Protocol, framing.Complaint!, inner: null),
        };
    }

    private async ValueTask<SmtpReply> ReadMore(SmtpPhase phase, SmtpReplyFraming framing)
    {
        Arm(phase);
        while (true)
        {
            MakeRoom();
            int got;
            try
            {
                got = await stream.ReadAsync(input.AsMemory(end), timer.Token);
            }
            catch (Exception problem)
                when (problem is IOException or OperationCanceledException or ObjectDisposedException)
            {
                throw Break(phase, problem);
            }

            if (got == 0)
            {
                throw Break(phase, SmtpFailureKind.Closed, "the server closed the connection", inner: null);
            }

            end += got;
            var result = framing.Advance(input.AsSpan(start, end - start));
            if (result == SmtpReplyFraming.Result.Complete)
            {
                return Take(phase, framing.Length);
            }

            if (result == SmtpReplyFraming.Result.Violation)
            {
                throw Break(phase, SmtpFailureKind.Protocol, framing.Complaint!, inner: null);
            }
        }
    }

    // The timer is one for the connection. A reply must be whole in its phase's time, however slowly it drips.
    private void Arm(SmtpPhase phase) => timer.CancelAfter(options.Timeouts.For(phase));

    private SmtpReply Take(SmtpPhase phase, int length)
    {
        var bytes = input.AsSpan(start, length);
        start += length;
        if (start == end)
        {
            (start, end) = (0, 0);
        }

        // A server says the same thing to each MAIL, RCPT and DATA: say it once in memory.
        var at = (int)phase;
        if (known[at] is { } same && bytes.SequenceEqual(knownBytes[at]))
        {
            return same;
        }

        var reply = SmtpReplyFraming.Decode(bytes);
        if (phase is SmtpPhase.MailFrom or SmtpPhase.RcptTo or SmtpPhase.Data)
        {
            (known[at], knownBytes[at]) = (reply, bytes.ToArray());
        }

        // RFC 5321 §3.8: 421 announces that the server closes, whatever was asked.
        Broken |= reply.Code == 421;
        return reply;
    }

    private void MakeRoom()
    {
        if (end < input.Length)
        {
            return;
        }

        // Bounded by the reply's limits: the framing gives up before a second doubling beyond them.
        var larger = start > 0 ? input : ArrayPool<byte>.Shared.Rent(input.Length * 2);
        input.AsSpan(start, end - start).CopyTo(larger);
        if (!ReferenceEquals(larger, input))
        {
            ArrayPool<byte>.Shared.Return(input);
            input = larger;
        }

        (start, end) = (0, end - start);
    }

    private void Grow(int more)
    {
        if (filled + more <= output.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(filled + more, output.Length * 2));
        output.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(output, clearArray: true);
        output = larger;
    }

    public SmtpFailure Break(SmtpPhase phase, Exception problem)
    {
        if (problem is OperationCanceledException)
        {
            return caller.IsCancellationRequested
                ? Break(phase, SmtpFailureKind.Canceled, "the caller gave up", problem)
                : Break(phase, SmtpFailureKind.Timeout, $"no answer within {options.Timeouts.For(phase)}", problem);
        }

        var reason = problem.InnerException is SocketException socket
            ? socket.SocketErrorCode.ToString()
            : problem.Message;
        return Break(phase, SmtpFailureKind.Closed, $"the connection broke: {reason}", problem);
    }

    public SmtpFailure Break(SmtpPhase phase, SmtpFailureKind kind, string message, Exception? inner)
    {
        Broken = true;
        return new SmtpFailure(phase, kind, $"{phase}: {message}", reply: null, inner);
    }

    public async ValueTask DisposeAsync()
    {
        Broken = true;
        await stream.DisposeAsync();
        if (busy)
        {
            return; // somebody still reads or writes: the pool must not lend these buffers to another
        }

        timer.Dispose();
        var (mine, theirs) = (output, input);
        (output, input, start, end, filled) = ([], [], 0, 0, 0);
        if (mine.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(mine, clearArray: true);
            ArrayPool<byte>.Shared.Return(theirs, clearArray: true);
        }
    }
}
