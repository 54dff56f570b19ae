using System.Buffers;
using System.Text;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Messages;

/// <summary>
/// One field ready to be written, its CRLF included. It can only be made of a name and a value that hold no CR, LF,
/// NUL or other control character but those of proper folding, so nothing can smuggle in a second field.
/// </summary>
public sealed class HeaderLine
{
    private HeaderLine(string name, byte[] bytes)
    {
        Name = name;
        Bytes = bytes;
    }

    public string Name { get; }

    /// <summary>"Name: value CRLF".</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>
    /// False when the name is no field name (RFC 5322 §3.6.8), the value has a control character outside folding
    /// (CRLF and then white space and something to see), or a line would pass 998 bytes. The value is written as given, as UTF-8.
    /// </summary>
    public static bool TryCreate(string name, string value, out HeaderLine? line)
    {
        line = null;
        if (
            name.Length == 0
            || name.AsSpan().ContainsAnyExceptInRange('!', '~')
            || name.Contains(':', StringComparison.Ordinal)
        )
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes($"{name}: {value}\r\n");
        if (!IsProper(bytes))
        {
            return false;
        }

        line = new HeaderLine(name, bytes);
        return true;
    }

    /// <summary>A field of one mailbox, written as the composer writes it: encoded and folded where it must be.</summary>
    /// <param name="name">The field's name; one of ours.</param>
    /// <param name="mailbox">Its mailbox.</param>
    public static HeaderLine Of(string name, Mailbox mailbox)
    {
        var output = new ArrayBufferWriter<byte>(256);
        var header = new HeaderWriter(output);
        MailboxWriter.Write(ref header, name, mailbox);
        return new HeaderLine(name, output.WrittenSpan.ToArray());
    }

    private static bool IsProper(ReadOnlySpan<byte> field)
    {
        var rest = field;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf("\r\n"u8);
            var text = rest[..end];

            // RFC 5322 §2.1.1 and §2.2.3; a line of white space alone is obsolete and ends the section for some readers.
            if (text.Length > MessageBytes.MaxLineBytes || HasControl(text) || text.Trim(" \t"u8).IsEmpty)
            {
                return false;
            }

            rest = rest[(end + 2)..];
            if (!rest.IsEmpty && rest[0] is not ((byte)' ' or (byte)'\t'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasControl(ReadOnlySpan<byte> text)
    {
        foreach (var c in text)
        {
            if (c is < 32 and not (byte)'\t' or 127)
            {
                return true;
            }
        }

        return false;
    }
}
