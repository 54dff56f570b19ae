namespace Gateway.Mail.Messages;

/// <summary>
/// A message read without being changed: its bytes, its fields as slices, its parts as ranges. Writing it back is
/// writing <see cref="Bytes"/>.
/// </summary>
public sealed class MimeMessage
{
    internal MimeMessage(
        ReadOnlyMemory<byte> bytes,
        MimePart root,
        IReadOnlyList<MimeDefect> defects,
        MimeRefusal? refusal
    )
    {
        Bytes = bytes;
        Root = root;
        Defects = defects;
        Refusal = refusal;
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    public MimePart Root { get; }

    public HeaderFields Headers => Root.Headers;

    public IReadOnlyList<MimeDefect> Defects { get; }

    /// <summary>
    /// The first line of the message's own header section that is no field, or null: other readers may see other fields
    /// after it than <see cref="Headers"/>. It does not look at what stands before the first field: whoever sends the
    /// message on leaves that out.
    /// </summary>
    public MimeDefect? AmbiguousHeader
    {
        get
        {
            foreach (var defect in Defects)
            {
                var isNoField = defect.Kind is MimeDefectKind.MissingHeaderSeparator or MimeDefectKind.EmptyFieldName;
                if (isNoField && defect.Offset <= Root.HeaderRange.End.Value)
                {
                    return defect;
                }
            }

            return null;
        }
    }

    /// <summary>The limit that stopped the reading, or null. What lies beyond it is not in the tree.</summary>
    public MimeRefusal? Refusal { get; }

    /// <summary>
    /// Reads any bytes. Never throws for what they hold: bad MIME becomes <see cref="Defects"/>, a broken limit
    /// <see cref="Refusal"/>. Time is linear in the length; the bytes are referenced, not copied.
    /// </summary>
    public static MimeMessage Parse(ReadOnlyMemory<byte> bytes, MimeLimits? limits = null) =>
        new MimeTreeReader(bytes, limits ?? MimeLimits.Default).Read();

    /// <summary>False when a limit is broken; then <paramref name="refusal"/> names it and the place.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> bytes,
        MimeLimits? limits,
        out MimeMessage message,
        out MimeRefusal? refusal
    )
    {
        message = Parse(bytes, limits);
        refusal = message.Refusal;
        return refusal is null;
    }

    /// <summary>All parts, each before its children, in the order of the message; not recursive.</summary>
    public IEnumerable<MimePart> Parts() => Root.SelfAndDescendants();
}
