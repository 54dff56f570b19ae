using System.Net.Sockets;
using System.Text;

namespace SystemTests.Sink;

/// <summary>One connection of a <see cref="FaultySink"/>.</summary>
internal sealed class SinkSession(FaultySink sink, Socket socket) : IDisposable
{
    private static readonly byte[] EndOfContent = "\r\n.\r\n"u8.ToArray();
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);
    private readonly NetworkStream stream = new(socket, ownsSocket: true);
    private byte[] buffer = new byte[64 * 1024];
    private int filled;
    private SinkFault fault;
    private bool hasSender;
    private bool hasRecipient;

    public async Task RunAsync(CancellationToken stop)
    {
        Meet(sink.Draw());
        if (fault == SinkFault.RefuseConnection)
        {
            Reset();
            return;
        }

        if (fault == SinkFault.ShuttingDown)
        {
            await SayAsync("421 4.3.2 shutting down", stop);
            return;
        }

        await SayAsync("220 sink.example ESMTP", stop);
        while (await ReadLineAsync(stop) is { } line && await AnswerAsync(line, stop)) { }
    }

    public void Dispose() => stream.Dispose();

    private async Task<bool> AnswerAsync(string line, CancellationToken stop)
    {
        switch (line.Split(' ', 2)[0].ToUpperInvariant())
        {
            case "EHLO":
                var tls = sink.OffersTls ? "250-STARTTLS\r\n" : "";
                return await SayAsync($"250-sink.example\r\n{tls}250-PIPELINING\r\n250 SIZE 10485760", stop);
            case "STARTTLS":
                sink.Log.Played(SinkFault.BrokenTls);
                await SayAsync("220 2.0.0 go ahead\r\nthis is no handshake", stop);
                return false;
            case "MAIL":
                return await SayAsync(Sender(), stop);
            case "RCPT":
                return await SayAsync(Recipient(line), stop);
            case "DATA":
                // Commands come in one piece (RFC 2920): DATA may follow refusals that its sender has not seen yet.
                return hasRecipient
                    ? await SayAsync("354 go on", stop) && await ContentAsync(stop)
                    : await SayAsync("503 5.5.1 no valid recipients", stop);
            case "QUIT":
                await SayAsync("221 2.0.0 bye", stop);
                return false;
            default:
                return await SayAsync("250 2.0.0 ok", stop);
        }
    }

    private string Sender()
    {
        Meet(sink.Draw());
        (hasSender, hasRecipient) = (fault is not (SinkFault.LoginWanted or SinkFault.SlowDown), false);
        return fault switch
        {
            SinkFault.LoginWanted => "530 5.7.0 authentication required",
            SinkFault.SlowDown => "451 4.7.0 slow down, try again later",
            _ => "250 2.1.0 ok",
        };
    }

    private string Recipient(string line)
    {
        var reply =
            !hasSender ? "503 5.5.1 MAIL first"
            : line.Contains("<gone-", StringComparison.Ordinal) ? "550 5.1.1 no such user"
            : fault == SinkFault.RelayDenied ? "554 5.7.1 relay access denied"
            : fault == SinkFault.MailboxFull ? "450 4.2.2 mailbox full"
            : "250 2.1.5 ok";
        hasRecipient |= reply[0] == '2';
        return reply;
    }

    private async Task<bool> ContentAsync(CancellationToken stop)
    {
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf(EndOfContent)) < 0)
        {
            if (!await FillAsync(stop))
            {
                return false;
            }
        }

        if (fault == SinkFault.ResetInContent)
        {
            return Reset();
        }

        var content = buffer[..end];
        Consume(end + EndOfContent.Length);
        if (fault == SinkFault.LaterAtDot)
        {
            return await SayAsync("451 4.3.0 try again later", stop);
        }

        if (fault == SinkFault.LoseAtDot)
        {
            return Reset();
        }

        sink.Log.Keep(content, sink.Name);
        switch (fault)
        {
            case SinkFault.ResetAfterDot:
                return Reset();
            case SinkFault.HalfReply:
                await stream.WriteAsync("250 2.0"u8.ToArray(), stop);
                return false;
            case SinkFault.Slow:
                await Task.Delay(Late, stop);
                break;
        }

        return await SayAsync("250 2.0.0 kept", stop);
    }

    private void Meet(SinkFault met)
    {
        fault = met;
        if (met != SinkFault.None)
        {
            sink.Log.Played(met);
        }
    }

    private bool Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
        return false;
    }

    private async Task<bool> SayAsync(string reply, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(reply + "\r\n"), stop);
        return true;
    }

    private async Task<string?> ReadLineAsync(CancellationToken stop)
    {
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf((byte)'\n')) < 0)
        {
            if (!await FillAsync(stop))
            {
                return null;
            }
        }

        var line = Encoding.ASCII.GetString(buffer, 0, end).TrimEnd('\r');
        Consume(end + 1);
        return line;
    }

    private void Consume(int bytes)
    {
        buffer.AsSpan(bytes, filled - bytes).CopyTo(buffer);
        filled -= bytes;
    }

    private async Task<bool> FillAsync(CancellationToken stop)
    {
        if (filled == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var got = await stream.ReadAsync(buffer.AsMemory(filled), stop);
        filled += got;
        return got > 0;
    }
}
