using System.Net;

namespace Gateway.Net;

/// <summary>
/// A URL of a stranger to which we connect. Readers of URLs disagree about odd ones (0x7f.1, full-width digits, \@,
/// tabs): here only hosts that every reader takes alike are accepted, in the letters they will be looked up in.
/// </summary>
public static class GuardedUrl
{
    public const int LongestUrl = 2_048;

    /// <summary>False with what is wrong, and what would be accepted.</summary>
    /// <param name="text">The URL as given.</param>
    /// <param name="policy">Ports and, where the host is an address, addresses.</param>
    /// <param name="allowHttp">Lets http in besides https; for development.</param>
    /// <param name="url">The URL.</param>
    /// <param name="problem">What is wrong.</param>
    public static bool TryParse(string text, AddressPolicy policy, bool allowHttp, out Uri? url, out string problem)
    {
        url = null;
        problem = Problem(text, policy, allowHttp, out var parsed) ?? "";
        if (problem.Length == 0)
        {
            url = parsed;
        }

        return url is not null;
    }

    private static string? Problem(string text, AddressPolicy policy, bool allowHttp, out Uri? parsed)
    {
        parsed = null;
        if (text.Length > LongestUrl)
        {
            return $"the URL has {text.Length} characters; at most {LongestUrl} are accepted";
        }

        // Spaces, controls and letters beyond ASCII are dropped, folded or encoded differently by different readers.
        if (text.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return "the URL holds a space, a control or a character beyond ASCII; write it percent-encoded, a host in xn-- form";
        }

        var scheme =
            text.StartsWith("https://", StringComparison.Ordinal) ? "https://"
            : allowHttp && text.StartsWith("http://", StringComparison.Ordinal) ? "http://"
            : null;
        if (scheme is null)
        {
            return allowHttp ? "the URL must begin with https:// or http://" : "the URL must begin with https://";
        }

        var rest = text.AsSpan(scheme.Length);
        var end = rest.IndexOfAny('/', '?', '#');
        var authority = end < 0 ? rest : rest[..end];
        if (authority.ContainsAny("@\\%"))
        {
            return "the host may hold no user, no backslash and no percent sign";
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out parsed) || !IsSameHost(authority, parsed, out var host))
        {
            return "the host is not one that every reader takes alike: a domain name, or an address in its usual form";
        }

        var address = IPAddress.TryParse(host.Trim(['[', ']']), out var literal) ? literal : null;
        return policy.Objection(parsed.Port) ?? (address is null ? null : policy.Objection(address));
    }

    /// <summary>The host as written is the host as read, so nothing was unescaped, folded or reinterpreted.</summary>
    private static bool IsSameHost(ReadOnlySpan<char> authority, Uri parsed, out string host)
    {
        host = parsed.Host;
        var written = authority;
        var port = authority.LastIndexOf(':');
        if (port > authority.LastIndexOf(']'))
        {
            var digits = authority[(port + 1)..];
            if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9') || digits[0] == '0' || digits.Length > 5)
            {
                return false;
            }

            written = authority[..port];
        }

        if (written.IsEmpty || !written.Equals(host, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return parsed.HostNameType switch
        {
            // Canonical only: what another reader would write differently, it may read differently.
            UriHostNameType.IPv4 => IPAddress.TryParse(host, out var v4) && v4.ToString() == host,
            UriHostNameType.IPv6 => !host.Contains('%', StringComparison.Ordinal),
            UriHostNameType.Dns => IsName(host),
            _ => false,
        };
    }

    private static bool IsName(string host)
    {
        var name = host.AsSpan().TrimEnd('.');
        if (name.Length is 0 or > 253 || host.EndsWith("..", StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> last = default;
        foreach (var range in name.Split('.'))
        {
            last = name[range];
            if (last.Length is 0 or > 63 || last[0] == '-' || last[^1] == '-')
            {
                return false;
            }

            foreach (var c in last)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                {
                    return false;
                }
            }
        }

        // WHATWG's host parser reads a name whose last label is a number (decimal, octal, 0x) as an IPv4 address.
        return !last.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && last.ContainsAnyExceptInRange('0', '9')
            && IsDecodable(name);
    }

    // An xn-- label that is no proper IDN is refused by some readers and looked up by others.
    private static bool IsDecodable(ReadOnlySpan<char> name)
    {
        if (!name.Contains("xn--", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        try
        {
            var idn = new System.Globalization.IdnMapping { UseStd3AsciiRules = true };
            var unicode = idn.GetUnicode(name.ToString());
            return idn.GetAscii(unicode).AsSpan().Equals(name, StringComparison.OrdinalIgnoreCase);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
