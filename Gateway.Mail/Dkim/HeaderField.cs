using System.Text;

namespace Gateway.Mail.Dkim;

/// <summary>
/// One header field as a range of the header section: its folded lines without the last line end.
/// <paramref name="NameLength"/> counts the name without white space before the colon; 0 means that the line has no
/// usable name, so no h= tag can reach it.
/// </summary>
internal readonly record struct HeaderField(int Start, int Length, int NameLength)
{
    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> section) => section.Slice(Start, Length);

    public ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> section) => section.Slice(Start, NameLength);

    public bool IsNamed(ReadOnlySpan<byte> section, string name) =>
        NameLength == name.Length && Ascii.EqualsIgnoreCase(NameIn(section), name);

    /// <summary>
    /// The name of a field, without white space and folds before the colon (obsolete but legal: RFC 5322 §4.5; RFC 6376
    /// §3.4.2 unfolds first). Empty if there is no colon.
    /// </summary>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> field)
    {
        var name = field[..Math.Max(field.IndexOf((byte)':'), 0)];
        while (!name.IsEmpty && name[^1] is (byte)' ' or (byte)'\t' or (byte)'\n')
        {
            name = name.EndsWith("\r\n"u8) ? name[..^2] : name[..^1];
        }

        return name;
    }
}
