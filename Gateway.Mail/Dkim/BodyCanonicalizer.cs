namespace Gateway.Mail.Dkim;

/// <summary>Takes canonical bytes; the span is valid only during the call.</summary>
internal delegate void CanonicalSink(ReadOnlySpan<byte> bytes);

/// <summary>
/// The canonical body (RFC 6376 §3.4.3, §3.4.4), made incrementally: any chunking of the same body gives the same
/// bytes. Unchanged stretches pass through as slices of the caller's memory; nothing is kept but four flags.
/// A bare LF ends a line as CRLF does, because §5.3 has the signer convert local line ends to CRLF first and our wire
/// writes nothing else; a bare CR is an ordinary octet.
/// </summary>
internal sealed class BodyCanonicalizer(Canonicalization mode, CanonicalSink sink)
{
    private readonly bool relaxed = mode == Canonicalization.Relaxed;
    private long openLineEnds; // line ends seen and not yet written: they vanish if the body ends here
    private bool openSpace; // relaxed: white space seen and not yet written: it vanishes at a line end
    private bool openCr; // the last octet was CR and its successor is not known yet
    private bool anyContent;

    public void Append(ReadOnlySpan<byte> chunk)
    {
        var at = 0;
        while (at < chunk.Length)
        {
            var octet = chunk[at];
            if (openCr)
            {
                openCr = false;
                if (octet != '\n')
                {
                    WriteContent("\r"u8);
                }
            }

            switch (octet)
            {
                case (byte)'\r':
                    openCr = true;
                    at++;
                    break;
                case (byte)'\n':
                    // §3.4.4 (a): white space at the end of a line is ignored.
                    openSpace = false;
                    openLineEnds++;
                    at++;
                    break;
                case (byte)' ' or (byte)'\t' when relaxed:
                    openSpace = true;
                    at++;
                    break;
                default:
                    var run = CanonicalPrefix.Length(chunk[at..], relaxed);
                    WriteContent(chunk.Slice(at, run));
                    at += run;
                    break;
            }
        }
    }

    /// <summary>Ends the body; nothing may be appended afterwards.</summary>
    public void Finish()
    {
        if (openCr)
        {
            openCr = false;
            WriteContent("\r"u8);
        }

        // §3.4.3: all empty lines at the end become one CRLF, and a missing last CRLF is added; an empty body is one
        // CRLF in simple. §3.4.4: in relaxed an empty body stays empty.
        if (anyContent || !relaxed)
        {
            sink("\r\n"u8);
        }
    }

    private void WriteContent(ReadOnlySpan<byte> content)
    {
        while (openLineEnds > 0)
        {
            var some = (int)Math.Min(openLineEnds, LineEnds.Length / 2);
            sink(LineEnds[..(2 * some)]);
            openLineEnds -= some;
        }

        if (openSpace)
        {
            openSpace = false;
            sink(" "u8); // §3.4.4 (a): a run of white space is one SP.
        }

        anyContent = true;
        sink(content);
    }

    private static ReadOnlySpan<byte> LineEnds => "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"u8;
}
