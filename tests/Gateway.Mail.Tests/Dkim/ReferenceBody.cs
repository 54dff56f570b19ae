using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>The canonical body line by line, written as plainly as RFC 6376 §3.4.3 and §3.4.4 put it.</summary>
internal static class ReferenceBody
{
    public static string Of(string body, Canonicalization mode)
    {
        var lines = body.Split('\n').Select(line => line.EndsWith('\r') ? line[..^1] : line).ToList();
        if (!body.EndsWith('\n') && body.EndsWith('\r'))
        {
            lines[^1] += "\r"; // the last line had no LF, so its CR is content
        }

        if (mode == Canonicalization.Relaxed)
        {
            lines = [.. lines.Select(Collapse)];
        }

        while (lines.Count > 0 && lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        var empty = mode == Canonicalization.Simple ? "\r\n" : "";
        return lines.Count == 0 ? empty : string.Concat(lines.Select(line => line + "\r\n"));
    }

    public static string Collapse(string line)
    {
        line = line.Replace('\t', ' ').TrimEnd(' ');
        while (line.Contains("  ", StringComparison.Ordinal))
        {
            line = line.Replace("  ", " ", StringComparison.Ordinal);
        }

        return line;
    }
}
