using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>What a reader gets to see of a mail: the oversigned headers and the body, white space aside.</summary>
internal static class ShownMail
{
    public static string Of(string mail)
    {
        var headers = new List<string>();
        var at = 0;
        while (at < mail.Length)
        {
            var end = mail.IndexOf('\n', at);
            var next = end < 0 ? mail.Length : end + 1;
            var line = mail[at..next].TrimEnd('\n');
            line = line.EndsWith('\r') ? line[..^1] : line;
            at = next;
            if (line.Length == 0)
            {
                break;
            }

            if (line[0] is ' ' or '\t' && headers.Count > 0)
            {
                headers[^1] += line;
            }
            else
            {
                headers.Add(line);
            }
        }

        var shown = headers
            .Select(header => header.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .Select(parts => (Name: parts[0].TrimEnd(' ', '\t'), Value: ReferenceBody.Collapse(parts[1]).Trim(' ')))
            .Where(header =>
                DkimSigningOptions.DefaultOversigned.Contains(header.Name, StringComparer.OrdinalIgnoreCase)
            )
            .Select(header => $"{header.Name.ToUpperInvariant()}:{header.Value}\n")
            .Order(StringComparer.Ordinal); // the order among different names is not signed
        return string.Concat(shown) + "\n" + ReferenceBody.Of(mail[at..], Canonicalization.Relaxed);
    }
}
