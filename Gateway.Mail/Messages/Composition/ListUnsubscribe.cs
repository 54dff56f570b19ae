namespace Gateway.Mail.Messages;

/// <summary>How a receiver leaves the list: List-Unsubscribe (RFC 2369 §3.2) and, with an https link, one click (RFC 8058).</summary>
public sealed record ListUnsubscribe
{
    /// <summary>Of one link, in octets: it stands on one line, and a line has at most 998 (RFC 5322 §2.1.1).</summary>
    public const int MaxLink = 900;

    /// <summary>Joins the links; at least one is needed.</summary>
    /// <param name="https">An https link that answers POST, or null.</param>
    /// <param name="mailto">A mailto link, or null.</param>
    /// <param name="oneClick">Adds List-Unsubscribe-Post; needs <paramref name="https"/>.</param>
    /// <exception cref="ArgumentException">A link has another scheme or is too long, or none is given.</exception>
    public ListUnsubscribe(Uri? https, Uri? mailto, bool oneClick = true)
    {
        if (https is null && mailto is null)
            throw new ArgumentException("Give an https link, a mailto link, or both.", nameof(https));
        HttpsLink = https is null ? null : Checked(https, "https", nameof(https));
        MailtoLink = mailto is null ? null : Checked(mailto, "mailto", nameof(mailto));
        Https = https;
        Mailto = mailto;
        OneClick = oneClick && https is not null;
    }

    /// <summary>The https link, or null.</summary>
    public Uri? Https { get; }

    /// <summary>The mailto link, or null.</summary>
    public Uri? Mailto { get; }

    /// <summary>True if List-Unsubscribe-Post is written (RFC 8058 §3.1 asks for the https link as well).</summary>
    public bool OneClick { get; }

    internal string? HttpsLink { get; }

    internal string? MailtoLink { get; }

    private static string Checked(Uri link, string scheme, string parameter)
    {
        if (!link.IsAbsoluteUri || link.Scheme != scheme)
            throw new ArgumentException($"The link begins with {scheme}:.", parameter);

        // AbsoluteUri escapes all but the host, which stays Unicode.
        var text = new UriBuilder(link) { Host = scheme == "https" ? link.IdnHost : link.Host }
            .Uri
            .AbsoluteUri;
        if (text.Length > MaxLink)
            throw new ArgumentException($"The link has at most {MaxLink} characters.", parameter);
        if (text.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 || text.AsSpan().ContainsAny('<', '>'))
            throw new ArgumentException("The link holds a character that has no place in a URI.", parameter);
        return text;
    }
}
