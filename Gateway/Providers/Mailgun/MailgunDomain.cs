namespace Gateway.Providers.Mailgun;

/// <summary>
/// A sending domain as it stands in the URL. Anything else there (a slash, its escape, nothing) answers 200 with a text and
/// takes no mail (mailgun.md §1).
/// </summary>
internal static class MailgunDomain
{
    public static bool IsProper(ReadOnlySpan<char> domain)
    {
        if (domain.Length is < 3 or > 253 || !domain.Contains('.'))
        {
            return false;
        }

        foreach (var range in domain.Split('.'))
        {
            var label = domain[range];
            if (label.IsEmpty || label.Length > 63 || label[0] == '-' || label[^1] == '-')
            {
                return false;
            }

            foreach (var c in label)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
