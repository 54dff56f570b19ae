namespace Gateway.Mail.Bounces.Reading;

/// <summary>A notice that a person forwarded: most lines begin with <c>&gt;</c>.</summary>
internal static class Quoting
{
    public static List<string> Remove(List<string> lines)
    {
        var said = lines.Count(line => line.Length > 0);
        var quoted = lines.Count(line => line.StartsWith('>'));
        if (quoted * 2 <= said || quoted < 5)
        {
            return lines;
        }

        return [.. lines.Select(Bare)];
    }

    private static string Bare(string line)
    {
        var bare = line.StartsWith('>') ? line[1..] : line;
        return bare.StartsWith(' ') ? bare[1..] : bare;
    }
}
