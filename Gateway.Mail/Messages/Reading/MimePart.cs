namespace Gateway.Mail.Messages;

/// <summary>One entity of the tree (RFC 2045 §2.4): its fields, and the ranges of the message it occupies.</summary>
public sealed class MimePart
{
    private static readonly IReadOnlyList<MimePart> None = [];

    private readonly ReadOnlyMemory<byte> message;
    private readonly int headerEnd;
    private readonly int bodyStart;
    private List<MimePart>? children;
    private int bodyEnd;

    internal MimePart(
        ReadOnlyMemory<byte> message,
        HeaderFields headers,
        (int Start, int HeaderEnd, int BodyStart) at,
        ContentType contentType
    )
    {
        this.message = message;
        Headers = headers;
        Start = at.Start;
        headerEnd = at.HeaderEnd;
        bodyStart = bodyEnd = at.BodyStart;
        ContentType = contentType;
    }

    internal int Start { get; }

    public HeaderFields Headers { get; }

    /// <summary>What stands before the first field and is none: an mbox line, a continuation of nothing.</summary>
    internal ReadOnlyMemory<byte> BeforeFields =>
        message[Start..(Headers.Length > 0 ? Headers[0].Field.Start.Value : headerEnd)];

    /// <summary>The fields, without the empty line after them.</summary>
    public Range HeaderRange => Start..headerEnd;

    /// <summary>The body as it stands, transfer encoding kept; the line end before a boundary is not part of it.</summary>
    public Range BodyRange => bodyStart..bodyEnd;

    /// <summary>The bytes of <see cref="BodyRange"/>.</summary>
    public ReadOnlyMemory<byte> Body => message[bodyStart..bodyEnd];

    /// <summary>The declared type; text/plain when none or no valid one is declared (RFC 2045 §5.2).</summary>
    public ContentType ContentType { get; }

    /// <summary>Content-Disposition (RFC 2183), or null.</summary>
    public ContentDisposition? Disposition =>
        Headers.First("content-disposition") is { } given ? ContentDisposition.Parse(given.RawValue.Span) : null;

    /// <summary>
    /// The name a sender gave the file: the disposition's filename, else the type's name. Text of a stranger: never a
    /// path, never trusted.
    /// </summary>
    public string? FileName => Disposition?.FileName ?? ContentType.Parameter("name");

    /// <summary>Content-ID without its angle brackets (RFC 2045 §7), or null.</summary>
    public string? ContentId =>
        Headers.First("content-id") is { } given && MessageIdList.Parse(given.RawValue.Span) is [var id, ..]
            ? id
            : null;

    public PartEncoding TransferEncoding => TransferEncodings.Of(Headers);

    /// <summary>The parts of a multipart, or the enclosed message of a message/rfc822.</summary>
    public IReadOnlyList<MimePart> Children => children ?? None;

    /// <summary>The message that a message/rfc822 or message/global part holds, or null.</summary>
    public MimePart? Enclosed => ContentType.IsMessage && children is [var only, ..] ? only : null;

    public bool IsMultipart => ContentType.IsMultipart && children is not null;

    /// <summary>The body with its transfer encoding undone; wrong base64 or quoted-printable yields what can be had.</summary>
    public byte[] DecodeContent() => TransferEncodings.Decode(TransferEncoding, Body.Span);

    /// <summary>The decoded body as text of its charset; what cannot be decoded becomes U+FFFD.</summary>
    public string DecodeText() => Charsets.Decode(ContentType.Charset, DecodeContent());

    /// <summary>This part and all below, each before its children; not recursive.</summary>
    public IEnumerable<MimePart> SelfAndDescendants()
    {
        var open = new Stack<MimePart>();
        open.Push(this);
        while (open.TryPop(out var part))
        {
            yield return part;
            for (var i = part.Children.Count - 1; i >= 0; i--)
            {
                open.Push(part.Children[i]);
            }
        }
    }

    internal void Add(MimePart child) => (children ??= []).Add(child);

    // A child whose header section the boundary cuts off ends after that line end; a parent never ends before its child.
    internal void CloseAt(int end) => bodyEnd = Math.Max(bodyStart, Math.Max(end, children?[^1].bodyEnd ?? 0));
}
