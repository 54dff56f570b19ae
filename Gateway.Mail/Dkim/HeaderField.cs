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
}
