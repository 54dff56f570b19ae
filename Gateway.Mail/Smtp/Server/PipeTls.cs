using System.IO.Pipelines;
using System.Net.Security;

namespace Gateway.Mail.Smtp;

/// <summary>Puts TLS on a pipe, as a server, and gives a pipe again.</summary>
public static class PipeTls
{
    /// <summary>The hand-over that <see cref="SmtpServerOptions.StartTls"/> wants.</summary>
    public static Func<IDuplexPipe, CancellationToken, ValueTask<IDuplexPipe>> Server(
        SslServerAuthenticationOptions options
    ) =>
        async (plain, cancel) =>
        {
            var secured = new SslStream(new PipeStream(plain), leaveInnerStreamOpen: false);
            await secured.AuthenticateAsServerAsync(options, cancel);
            return Over(secured);
        };

    /// <summary>A pipe over a stream; completing its writer closes the stream.</summary>
    public static IDuplexPipe Over(Stream stream) =>
        new StreamPipe(
            PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: false))
        );

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class PipeStream(IDuplexPipe pipe) : Stream
    {
        private readonly Stream input = pipe.Input.AsStream();
        private readonly Stream output = pipe.Output.AsStream();

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            input.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => output.WriteAsync(buffer, cancellationToken);

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                input.Dispose();
                output.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
