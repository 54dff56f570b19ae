using System.Globalization;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>One "name*number*=value" (RFC 2231 §4.1): name in lower case, value without quotes.</summary>
internal readonly record struct ParameterSection(string Name, int Number, bool Extended, bool IsRfc2231, byte[] Value);

/// <summary>Cuts "type/subtype; name=value; …" (RFC 2045 §5.1) of a raw value, forgiving what real mail does.</summary>
internal ref struct ParameterReader(ReadOnlySpan<byte> value)
{
    private readonly ReadOnlySpan<byte> value = value;
    private int at;

    public bool TryReadType(out string type, out string? subtype)
    {
        subtype = null;
        type = Lower(Token(" \t\r\n;(/"u8));
        if (type.Length == 0)
        {
            return false;
        }

        SkipCfws();
        if (at < value.Length && value[at] == '/')
        {
            at++;
            subtype = Lower(Token(" \t\r\n;("u8));
            subtype = subtype.Length == 0 ? null : subtype;
        }

        return true;
    }

    /// <summary>False at the end. What has no name or no "=" is passed over.</summary>
    public bool TryReadParameter(out ParameterSection section)
    {
        section = default;
        while (true)
        {
            SkipCfws();
            while (at < value.Length && value[at] == ';')
            {
                at++;
                SkipCfws();
            }

            if (at >= value.Length)
            {
                return false;
            }

            var length = value[at..].IndexOfAny((byte)'=', (byte)';');
            if (length < 0)
            {
                return false;
            }

            var name = value.Slice(at, length);
            at += length;
            if (value[at] == ';')
            {
                continue;
            }

            at++;
            var content = ReadValue();
            if (TryName(name.Trim(" \t\r\n"u8), content, out section))
            {
                return true;
            }
        }
    }

    private byte[] ReadValue()
    {
        while (at < value.Length && IsSpace(value[at]))
        {
            at++;
        }

        return at < value.Length && value[at] == '"' ? Quoted() : Unquoted();
    }

    // RFC 5322 §3.2.4. A string that is not closed reaches to the end.
    private byte[] Quoted()
    {
        at++;
        var to = new byte[value.Length - at];
        var length = 0;
        while (at < value.Length && value[at] != '"')
        {
            if (value[at] == '\\' && at + 1 < value.Length)
            {
                at++;
            }

            if (value[at] is not ((byte)'\r' or (byte)'\n'))
            {
                to[length++] = value[at];
            }

            at++;
        }

        at++;
        return to[..length];
    }

    // A token by the standard; in real mail also file names with spaces. It ends at ";", or where a folded line
    // begins another "name=": senders forget the semicolon there.
    private byte[] Unquoted()
    {
        var start = at;
        var end = value[at..].IndexOf((byte)';');
        end = end < 0 ? value.Length : at + end;
        for (var i = value[start..end].IndexOf((byte)'\n'); i >= 0; )
        {
            if (BeginsParameter(value[(start + i)..end]))
            {
                end = start + i;
                break;
            }

            var next = value[(start + i + 1)..end].IndexOf((byte)'\n');
            i = next < 0 ? -1 : i + 1 + next;
        }

        at = end;
        return WithoutComment(value[start..end].Trim(" \t\r\n"u8)).ToArray();
    }

    private static bool BeginsParameter(ReadOnlySpan<byte> fold)
    {
        fold = fold.TrimStart(" \t\r\n"u8);
        var stop = fold.IndexOfAny("= \t\r\n\""u8);
        return stop > 0 && fold[stop] == '=';
    }

    // RFC 2045 §5.1 shows "charset=us-ascii (Plain text)".
    private static ReadOnlySpan<byte> WithoutComment(ReadOnlySpan<byte> token)
    {
        var open = token.IndexOf(" ("u8);
        return open > 0 && token[^1] == ')' ? token[..open].TrimEnd(" \t\r\n"u8) : token;
    }

    private static bool TryName(ReadOnlySpan<byte> name, byte[] content, out ParameterSection section)
    {
        section = default;
        name = name.TrimStart((byte)'*');
        var star = name.IndexOf((byte)'*');
        var text = Lower((star < 0 ? name : name[..star]).TrimEnd(" \t"u8));
        if (text.Length == 0)
        {
            return false;
        }

        var rest = star < 0 ? [] : name[(star + 1)..].Trim(" \t"u8);
        var digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? rest.Length : digits;
        _ = int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        var extended = star >= 0 && (rest.IsEmpty || rest[^1] == '*');
        section = new ParameterSection(text, number, extended, star >= 0, content);
        return true;
    }

    private ReadOnlySpan<byte> Token(ReadOnlySpan<byte> stops)
    {
        SkipCfws();
        var length = value[at..].IndexOfAny(stops);
        length = length < 0 ? value.Length - at : length;
        var token = value.Slice(at, length);
        at += length;
        return token;
    }

    private void SkipCfws()
    {
        while (at < value.Length)
        {
            if (value[at] == '(')
            {
                at = Comments.Skip(value, at);
            }
            else if (IsSpace(value[at]))
            {
                at++;
            }
            else
            {
                return;
            }
        }
    }

    private static bool IsSpace(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static string Lower(ReadOnlySpan<byte> token) => Encoding.UTF8.GetString(token).ToLowerInvariant();
}
