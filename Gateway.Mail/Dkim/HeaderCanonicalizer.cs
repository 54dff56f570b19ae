namespace Gateway.Mail.Dkim;

/// <summary>One header field in canonical form, without its last CRLF (RFC 6376 §3.4.1, §3.4.2).</summary>
internal static class HeaderCanonicalizer
{
    public static void Write(Canonicalization mode, ReadOnlySpan<byte> field, PooledBytes output)
    {
        if (mode == Canonicalization.Relaxed)
        {
            WriteRelaxed(field, output);
        }
        else
        {
            WriteSimple(field, output);
        }
    }

    /// <summary>§3.4.1: the field as it stands; a bare LF counts as the CRLF that it is on the wire (§5.3).</summary>
    private static void WriteSimple(ReadOnlySpan<byte> field, PooledBytes output)
    {
        while (field.IndexOf((byte)'\n') is >= 0 and var lineEnd)
        {
            output.Append(lineEnd > 0 && field[lineEnd - 1] == '\r' ? field[..(lineEnd - 1)] : field[..lineEnd]);
            output.Append("\r\n"u8);
            field = field[(lineEnd + 1)..];
        }

        output.Append(field);
    }

    private static void WriteRelaxed(ReadOnlySpan<byte> field, PooledBytes output)
    {
        var colon = field.IndexOf((byte)':');
        if (colon >= 0)
        {
            // §3.4.2: the name in lower case, no white space on either side of the colon.
            foreach (var octet in HeaderField.NameOf(field))
            {
                output.Append(octet is >= (byte)'A' and <= (byte)'Z' ? (byte)(octet | 0x20) : octet);
            }

            output.Append((byte)':');
        }

        WriteRelaxedValue(field[(colon + 1)..], output);
    }

    private static void WriteRelaxedValue(ReadOnlySpan<byte> value, PooledBytes output)
    {
        var start = output.Length;
        var space = false;
        for (var at = 0; at < value.Length; at++)
        {
            var octet = value[at];
            if (octet is (byte)' ' or (byte)'\t')
            {
                space = true;
            }
            else if (octet == '\n' || (octet == '\r' && at + 1 < value.Length && value[at + 1] == '\n'))
            {
                // §3.4.2: unfolded; the white space that follows a fold remains.
            }
            else
            {
                // §3.4.2: a run of white space is one SP, none at either end of the value.
                if (space && output.Length > start)
                {
                    output.Append((byte)' ');
                }

                space = false;
                output.Append(octet);
            }
        }
    }
}
