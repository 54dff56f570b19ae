using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>A domain in both of its forms.</summary>
internal readonly record struct DomainForms(string Ascii, string Unicode);

/// <summary>RFC 5321 §4.1.2 <c>Domain</c>: letters, digits and hyphens, after UTS #46 where they are not ASCII.</summary>
internal static class Domains
{
    public static bool TryParse(
        ReadOnlySpan<char> text,
        AddressForms forms,
        out DomainForms domain,
        out AddressError error
    )
    {
        domain = default;
        if (text.Length == 0)
        {
            error = new("domain_missing", "Write a domain after '@', such as example.com.", 0);
            return false;
        }

        if (text[0] == '[')
            return AddressLiterals.TryParse(text, forms, out domain, out error);

        if (!IsPlainAscii(text))
            return InternationalDomains.TryParse(text, forms, out domain, out error);

        if (!TryCheck(text, forms, out error))
            return false;

        var ascii = text.ToString().ToLowerInvariant();
        domain = new(ascii, ascii);
        return true;
    }

    /// <summary>Checks the A-label form: length, labels, hyphens, the last label.</summary>
    public static bool TryCheck(ReadOnlySpan<char> ascii, AddressForms forms, out AddressError error)
    {
        var start = 0;
        var labels = 0;
        var numeric = false;
        error = default;
        for (var i = 0; i <= ascii.Length; i++)
        {
            if (i < ascii.Length && ascii[i] != '.')
            {
                if (char.IsAsciiLetterOrDigit(ascii[i]) || ascii[i] == '-')
                    continue;
                error = Unexpected(ascii[i], i);
                return false;
            }

            var label = ascii[start..i];
            if (!TryCheckLabel(label, start, out error))
                return false;
            numeric = label.IndexOfAnyExceptInRange('0', '9') < 0;
            labels++;
            start = i + 1;
        }

        if (ascii.Length > AddressLimits.Domain)
            error = new("domain_too_long", "A domain has at most 253 characters.", AddressLimits.Domain);
        else if (labels == 1 && !forms.HasFlag(AddressForms.SingleLabelDomain))
            error = new("domain_not_qualified", "Write the full domain, such as example.com.", 0);
        else if (numeric && !forms.HasFlag(AddressForms.NumericTopLevel))
            error = new("top_level_numeric", "The last part of a domain is not a number.", ascii.LastIndexOf('.') + 1);
        else
            return true;
        return false;
    }

    private static bool TryCheckLabel(ReadOnlySpan<char> label, int start, out AddressError error)
    {
        error = label.Length switch
        {
            0 => new("domain_label_empty", "A domain does not begin or end with a dot, nor hold two in a row.", start),
            > AddressLimits.Label => new(
                "domain_label_too_long",
                "Each part of a domain between dots has at most 63 characters.",
                start
            ),
            // RFC 5321 §4.1.2: sub-domain = Let-dig [Ldh-str], Ldh-str ends with Let-dig
            _ when label[0] == '-' => new("domain_hyphen", "No part of a domain begins with a hyphen.", start),
            _ when label[^1] == '-' => new(
                "domain_hyphen",
                "No part of a domain ends with a hyphen.",
                start + label.Length - 1
            ),
            _ => default,
        };
        return error.Code is null;
    }

    private static AddressError Unexpected(char c, int position) =>
        c switch
        {
            '\r' or '\n' or '\0' => new("control_character", "An address holds no line break and no NUL.", position),
            < ' ' or '\x7f' => new("control_character", "An address holds no control character.", position),
            '@' => new("at_sign_repeated", "An address holds one '@' outside quotes.", position),
            '(' or ')' => new(
                "comment_not_accepted",
                "Comments are not accepted here; write only name@example.com.",
                position
            ),
            _ => new(
                "domain_character_not_accepted",
                $"'{c}' is not accepted in a domain; letters, digits, hyphens and dots are.",
                position
            ),
        };

    // RFC 5890 §2.3.1: what begins with "xn--" claims to be an A-label and is held to it.
    private static bool IsPlainAscii(ReadOnlySpan<char> text) =>
        Ascii.IsValid(text) && !text.Contains("xn--", StringComparison.OrdinalIgnoreCase);
}
