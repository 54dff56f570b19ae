using System.Net;
using System.Net.Http.Headers;

namespace Gateway.Providers.Http;

/// <summary>
/// A body in pieces that knows whether its last byte was handed to the network: before that a failure is safe to repeat
/// elsewhere, after it nobody knows.
/// </summary>
internal sealed class WatchedContent : HttpContent
{
    /// <summary>Bytes given to the network at a time; the last so many count as one.</summary>
    private const int Chunk = 16 * 1024;

    private readonly IReadOnlyList<ReadOnlyMemory<byte>> pieces;
    private volatile bool hasBegun;
    private volatile bool lastByteGiven;

    public WatchedContent(IReadOnlyList<ReadOnlyMemory<byte>> pieces, string contentType)
    {
        this.pieces = [.. pieces.Where(p => !p.IsEmpty)];
        Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
    }

    /// <summary>A connection stood, and the body was asked for.</summary>
    public bool HasBegun => hasBegun;

    public bool LastByteGiven => lastByteGiven;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken
    )
    {
        hasBegun = true;
        for (var i = 0; i < pieces.Count; i++)
        {
            for (var rest = pieces[i]; !rest.IsEmpty; )
            {
                var now = rest[..Math.Min(Chunk, rest.Length)];
                rest = rest[now.Length..];
                // Said before it is done: a write that fails may have written all the same.
                lastByteGiven |= rest.IsEmpty && i == pieces.Count - 1;
                await stream.WriteAsync(now, cancellationToken);
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = pieces.Sum(p => (long)p.Length);
        return true;
    }
}
