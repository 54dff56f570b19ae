using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Where one field stands in the message: its first byte, its colon, and the byte after its last line end.</summary>
internal readonly record struct FieldSpan(int Start, int Colon, int End);

/// <summary>One header field as it stands in the message: slices of the given bytes, nothing copied.</summary>
public readonly record struct HeaderSlice
{
    private readonly ReadOnlyMemory<byte> message;
    private readonly FieldSpan at;

    internal HeaderSlice(ReadOnlyMemory<byte> message, FieldSpan at)
    {
        this.message = message;
        this.at = at;
    }

    /// <summary>The whole field in the message, its last line end included.</summary>
    public Range Field => at.Start..at.End;

    /// <summary>The bytes of the whole field, its last line end included.</summary>
    public ReadOnlyMemory<byte> Raw => message[at.Start..at.End];

    /// <summary>The name as written, without white space before the colon (RFC 5322 §4.5 allows some).</summary>
    public ReadOnlyMemory<byte> Name
    {
        get
        {
            var name = message[at.Start..at.Colon];
            return name[..name.Span.TrimEnd(" \t"u8).Length];
        }
    }

    /// <summary>All after the colon, folding kept, the field's last line end left out.</summary>
    public ReadOnlyMemory<byte> RawValue
    {
        get
        {
            var value = message[(at.Colon + 1)..at.End];
            return value[..(value.Length - LineEnds.TrailingLength(value.Span))];
        }
    }

    /// <summary>The value unfolded (RFC 5322 §2.2.3) and trimmed; as UTF-8 (RFC 6532), what is not becomes U+FFFD.</summary>
    public string Value => RawHeaderText.Unfold(RawValue.Span);

    /// <summary>The value as a person reads it: each fold one space, encoded words decoded (RFC 2047).</summary>
    public string Text => RawHeaderText.Decode(RawValue.Span);

    /// <summary>True if the field has this name; header names do not differ by case (RFC 5322 §1.2.2).</summary>
    public bool NameIs(ReadOnlySpan<char> name) => Ascii.EqualsIgnoreCase(Name.Span, name);
}
