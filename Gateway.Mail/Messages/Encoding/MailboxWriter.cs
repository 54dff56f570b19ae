using Gateway.Mail.Addresses;

namespace Gateway.Mail.Messages;

/// <summary>Writes address fields (RFC 5322 §3.4): the name as atoms, as a quoted string or as encoded-words.</summary>
internal static class MailboxWriter
{
    // A longer run without a space cannot be folded to 78 inside its quotes.
    private const int LongestWord = 74;

    public static void Write(ref HeaderWriter header, ReadOnlySpan<char> field, IReadOnlyList<Mailbox> mailboxes)
    {
        if (mailboxes.Count == 0)
            return;
        header.Name(field);
        for (var i = 0; i < mailboxes.Count; i++)
            Write(ref header, mailboxes[i], isLast: i == mailboxes.Count - 1);
        header.End();
    }

    public static void Write(ref HeaderWriter header, ReadOnlySpan<char> field, Mailbox mailbox)
    {
        header.Name(field);
        Write(ref header, mailbox, isLast: true);
        header.End();
    }

    private static void Write(ref HeaderWriter header, Mailbox mailbox, bool isLast)
    {
        var address = mailbox.Address.ToString();
        var separator = isLast ? "" : ",";
        if (mailbox.Name is { } name)
        {
            WritePhrase(ref header, name);
            header.Space(address.Length + 2 + separator.Length);
            header.Append("<");
            header.Append(address);
            header.Append(">");
        }
        else
        {
            header.Word(address, separator.Length);
        }

        header.Append(separator);
    }

    private static void WritePhrase(ref HeaderWriter header, ReadOnlySpan<char> name)
    {
        if (AreAtoms(name))
        {
            var first = name.IndexOf(' ');
            header.Space(first < 0 ? name.Length : first);
            HeaderTextWriter.WriteFolded(ref header, name);
        }
        else if (CanBeQuoted(name))
        {
            WriteQuoted(ref header, name);
        }
        else
        {
            EncodedWordWriter.Write(ref header, name);
        }
    }

    // Words of atext with one space between two: what needs no quotes (RFC 5322 §3.2.3).
    private static bool AreAtoms(ReadOnlySpan<char> name)
    {
        if (!HeaderTextWriter.IsPlain(name, LongestWord) || name.Contains("  ", StringComparison.Ordinal))
            return false;
        foreach (var c in name)
        {
            if (c != ' ' && !LocalParts.IsAtext(c))
                return false;
        }

        return true;
    }

    private static bool CanBeQuoted(ReadOnlySpan<char> name) =>
        HeaderTextWriter.IsPlain(name.Trim(' '), LongestWord / 2)
        && name.Length - name.Trim(' ').Length <= HeaderTextWriter.LongestSpaces;

    private static void WriteQuoted(ref HeaderWriter header, ReadOnlySpan<char> name)
    {
        Span<char> quoted = name.Length <= 255 ? stackalloc char[512] : new char[(2 * name.Length) + 2];
        var length = 0;
        quoted[length++] = '"';
        foreach (var c in name)
        {
            if (c is '"' or '\\') // RFC 5322 §3.2.4
                quoted[length++] = '\\';
            quoted[length++] = c;
        }

        quoted[length++] = '"';
        var text = (ReadOnlySpan<char>)quoted[..length];
        var first = text.IndexOf(' ');
        header.Space(first < 0 ? text.Length : first);
        HeaderTextWriter.WriteFolded(ref header, text);
    }
}
