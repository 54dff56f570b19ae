using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Gateway.Mail.Dns;

/// <summary>
/// A domain name as DNS has it: labels of any octets, compared without regard to the case of ASCII letters (RFC 4343).
/// International names are given as A-labels.
/// </summary>
public sealed class DnsName : IEquatable<DnsName>
{
    private readonly byte[] wire;

    internal DnsName(byte[] wire) => this.wire = wire;

    /// <summary>The name of no label.</summary>
    public static DnsName Root { get; } = new([0]);

    /// <summary>The labels, each after its length, and the empty one at the end; never compressed.</summary>
    internal ReadOnlySpan<byte> Wire => wire;

    /// <summary>
    /// Reads the text form (RFC 1035 §5.1): labels between dots, a dot at the end or none, <c>\.</c> and <c>\DDD</c>.
    /// False for an empty label, one above 63 octets, a name above 255, or a character that is not visible ASCII.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DnsName? name)
    {
        name = null;
        if (text is ".")
        {
            name = Root;
            return true;
        }

        if (text.IsEmpty || text.Length > DnsLimits.NameText)
            return false;

        Span<byte> octets = stackalloc byte[DnsLimits.Name];
        var (labelAt, end) = (0, 1);
        while (!text.IsEmpty)
        {
            if (text[0] == '.')
            {
                if (!TryClose(octets, labelAt, end))
                    return false;
                (labelAt, end) = (end, end + 1);
                text = text[1..];
                continue;
            }

            if (!TryReadOctet(ref text, out var octet) || end >= DnsLimits.Name)
                return false;
            octets[end++] = octet;
        }

        // A dot at the end leaves an empty label open: that of the root.
        if (end - labelAt > 1 && !TryClose(octets, labelAt, end))
            return false;
        if (end - labelAt > 1)
            (labelAt, end) = (end, end + 1);
        if (end > DnsLimits.Name)
            return false;
        octets[labelAt] = 0;
        name = new DnsName(octets[..end].ToArray());
        return true;
    }

    /// <summary>A name that is known to be well formed.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static DnsName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is no domain name");

    /// <summary>True for the ancestor itself and every name below it.</summary>
    public bool IsAtOrBelow(DnsName ancestor)
    {
        ReadOnlySpan<byte> rest = wire;
        while (rest.Length > ancestor.wire.Length)
        {
            rest = rest[(rest[0] + 1)..];
        }

        return AreEqual(rest, ancestor.wire);
    }

    /// <inheritdoc/>
    public bool Equals(DnsName? other) => other is not null && AreEqual(wire, other.wire);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DnsName);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var octet in wire)
        {
            hash.Add(Fold(octet));
        }

        return hash.ToHashCode();
    }

    /// <summary>The text form, without a dot at the end but for the root's own.</summary>
    public override string ToString()
    {
        if (wire.Length == 1)
            return ".";

        var text = new StringBuilder(wire.Length);
        for (var at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            if (at > 0)
                text.Append('.');
            foreach (var octet in wire.AsSpan(at + 1, wire[at]))
            {
                Append(text, octet);
            }
        }

        return text.ToString();
    }

    // Lengths are below 64 and letters above, so the whole of the wire form may be folded.
    internal static byte Fold(byte octet) => octet is >= (byte)'A' and <= (byte)'Z' ? (byte)(octet | 0x20) : octet;

    internal static bool AreEqual(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one.Length != other.Length)
            return false;
        for (var i = 0; i < one.Length; i++)
        {
            if (Fold(one[i]) != Fold(other[i]))
                return false;
        }

        return true;
    }

    private static bool TryClose(Span<byte> wire, int labelAt, int end)
    {
        var length = end - labelAt - 1;
        if (length is 0 or > DnsLimits.Label || end >= DnsLimits.Name)
            return false;
        wire[labelAt] = (byte)length;
        return true;
    }

    private static bool TryReadOctet(ref ReadOnlySpan<char> text, out byte octet)
    {
        octet = (byte)text[0];
        if (text[0] is <= ' ' or >= '\x7f')
            return false;
        if (text[0] != '\\')
        {
            text = text[1..];
            return true;
        }

        // RFC 1035 §5.1: \DDD is the octet of that number, \X is X.
        if (text.Length > 1 && !char.IsAsciiDigit(text[1]))
        {
            octet = (byte)text[1];
            var visible = text[1] is > ' ' and < '\x7f';
            text = text[2..];
            return visible;
        }

        if (text.Length < 4 || !byte.TryParse(text[1..4], NumberStyles.None, CultureInfo.InvariantCulture, out octet))
            return false;
        text = text[4..];
        return true;
    }

    private static void Append(StringBuilder text, byte octet)
    {
        if (octet is <= (byte)' ' or >= 0x7f)
            text.Append('\\').Append(octet.ToString("D3", CultureInfo.InvariantCulture));
        else if (octet is (byte)'.' or (byte)'\\')
            text.Append('\\').Append((char)octet);
        else
            text.Append((char)octet);
    }
}
