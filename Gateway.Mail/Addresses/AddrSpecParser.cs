using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>RFC 5321 §4.1.2 <c>Mailbox</c>, as one left-to-right pass: local part, '@', domain, end.</summary>
internal static class AddrSpecParser
{
    public static bool TryParse(
        ReadOnlySpan<char> text,
        AddressForms forms,
        [NotNullWhen(true)] out EmailAddress? address,
        out AddressError error
    )
    {
        address = null;
        if (text.Length > AddressLimits.Text)
        {
            error = new("address_too_long", "An address has at most 254 octets.", AddressLimits.Text);
            return false;
        }

        if (!TryReadLocalPart(text, out var localPart, out var at, out error))
            return false;

        if (LocalParts.LooksEncoded(localPart))
        {
            error = new("local_part_encoded", "The part before '@' is written as it is, not as an encoded-word.", 0);
            return false;
        }

        var written = LocalParts.Write(localPart);
        var octets = Encoding.UTF8.GetByteCount(written);
        if (octets > AddressLimits.LocalPart)
        {
            error = new("local_part_too_long", $"The part before '@' has {octets} octets; at most 64 are accepted.", 0);
            return false;
        }

        if (!Domains.TryParse(text[(at + 1)..], forms, out var domain, out error))
        {
            error = error with { Position = error.Position + at + 1 };
            return false;
        }

        if (octets + 1 + domain.Ascii.Length > AddressLimits.Address)
        {
            error = new("address_too_long", "An address has at most 254 octets.", 0);
            return false;
        }

        address = new EmailAddress(localPart, written, domain.Ascii, domain.Unicode);
        return true;
    }

    private static bool TryReadLocalPart(
        ReadOnlySpan<char> text,
        out string localPart,
        out int at,
        out AddressError error
    )
    {
        if (text.Length > 0 && text[0] == '"')
            return TryReadQuoted(text, out localPart, out at, out error);

        at = 0;
        var afterDot = true;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '@' && !afterDot)
            {
                at = i;
                localPart = text[..i].ToString();
                return CharacterRules.AreVisible(localPart, out error);
            }

            if (c == '.' ? afterDot : !LocalParts.IsAtext(c))
            {
                localPart = "";
                error = Unexpected(c, i, afterDot);
                return false;
            }

            afterDot = c == '.';
        }

        localPart = "";
        error = new("at_sign_missing", "Write the address as name@example.com.", text.Length);
        return false;
    }

    private static AddressError Unexpected(char c, int position, bool atStart) =>
        c switch
        {
            '@' when position == 0 => new("local_part_missing", "Write a name before '@'.", 0),
            '@' or '.' when atStart => new(
                "dot_misplaced",
                "A dot in the part before '@' stands between two other characters; elsewhere the part is written in quotes.",
                position
            ),
            '\r' or '\n' or '\0' => new("control_character", "An address holds no line break and no NUL.", position),
            < ' ' or '\x7f' => new("control_character", "An address holds no control character.", position),
            '(' or ')' => new(
                "comment_not_accepted",
                "Comments are not accepted here; write only name@example.com.",
                position
            ),
            '<' or '>' => new("angle_bracket_not_accepted", "Write only the address, without '<' and '>'.", position),
            _ => new(
                "character_not_accepted",
                $"'{c}' is accepted before '@' only inside quotes: \"a b\"@example.com.",
                position
            ),
        };

    private static bool TryReadQuoted(ReadOnlySpan<char> text, out string localPart, out int at, out AddressError error)
    {
        var content = new StringBuilder(text.Length);
        localPart = "";
        for (at = 1; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '"')
            {
                at++;
                if (at == text.Length || text[at] != '@')
                {
                    error = new("at_sign_missing", "After the closing quote comes '@'.", at);
                    return false;
                }

                localPart = content.ToString();
                return CharacterRules.AreVisible(localPart, out error);
            }

            // RFC 5321 §4.1.2: quoted-pairSMTP = "\" (SP / VCHAR); RFC 6531 widens qtextSMTP, not the pair.
            if (c == '\\')
            {
                at++;
                c = at < text.Length ? text[at] : '\0';
                if (c >= 0x80)
                    c = '\0';
            }

            if (c is < ' ' or '\x7f')
            {
                error =
                    at < text.Length
                        ? new("control_character", "A quoted local part holds printable characters and spaces.", at)
                        : new("quote_not_closed", "Close the quoted local part with '\"'.", text.Length);
                return false;
            }

            content.Append(c);
        }

        error = new("quote_not_closed", "Close the quoted local part with '\"'.", text.Length);
        return false;
    }
}
