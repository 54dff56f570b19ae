using System.Net.Security;
using System.Text;

namespace ProviderEmulators.Smtp;

/// <summary>Lines and content of a connection, before and after TLS.</summary>
internal sealed class SmtpLines(Stream stream) : IDisposable
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private int from;
    private int to;
    private Stream stream = stream;

    public void Dispose() => stream.Dispose();

    public async Task SecureAsync(SslServerAuthenticationOptions options, CancellationToken stop)
    {
        // What was sent in clear behind STARTTLS is not part of what follows.
        from = to = 0;
        var secured = new SslStream(stream);
        stream = secured;
        await secured.AuthenticateAsServerAsync(options, stop);
    }

    public Task WriteAsync(string lines, CancellationToken stop) =>
        stream.WriteAsync(Encoding.UTF8.GetBytes(lines + "\r\n"), stop).AsTask();

    /// <summary>A line without its end; null where there is no more.</summary>
    public async Task<string?> ReadAsync(CancellationToken stop)
    {
        var line = await ReadBytesAsync(stop);
        return line is null ? null : Encoding.UTF8.GetString(line).TrimEnd('\r', '\n');
    }

    /// <summary>All up to the final dot, dots undone.</summary>
    public async Task<byte[]> ReadContentAsync(CancellationToken stop)
    {
        using var content = new MemoryStream();
        while (true)
        {
            var line = await ReadBytesAsync(stop) ?? throw new EndOfStreamException();
            if (line.AsSpan().SequenceEqual(".\r\n"u8))
            {
                return content.ToArray();
            }

            content.Write(line[0] == '.' ? line.AsSpan(1) : line);
        }
    }

    private async Task<byte[]?> ReadBytesAsync(CancellationToken stop)
    {
        using var line = new MemoryStream();
        while (true)
        {
            if (from == to)
            {
                (from, to) = (0, await stream.ReadAsync(buffer, stop));
                if (to == 0)
                {
                    return line.Length == 0 ? null : line.ToArray();
                }
            }

            var end = buffer.AsSpan(from, to - from).IndexOf((byte)'\n');
            var taken = end < 0 ? to - from : end + 1;
            line.Write(buffer, from, taken);
            from += taken;
            if (end >= 0)
            {
                return line.ToArray();
            }
        }
    }
}
