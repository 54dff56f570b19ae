using System.Text;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>
/// One group of <c>name: value</c> lines of a machine-readable part (RFC 3464 §2.1: groups are separated by empty
/// lines, lines are folded as in a header).
/// </summary>
internal sealed class ReportFields
{
    private readonly List<(string Name, string Value)> fields = [];

    public string? First(string name)
    {
        foreach (var field in fields)
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return field.Value;
            }
        }

        return null;
    }

    public List<string> All(string name) =>
        [.. fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    public IEnumerable<(string Name, string Value)> Where(Func<(string Name, string Value), bool> wanted) =>
        fields.Where(wanted);

    public bool Has(string name) => First(name) is not null;

    /// <summary>Reads text; lines that are no fields are passed over. Never throws, linear.</summary>
    public static List<ReportFields> Read(ReadOnlySpan<char> text)
    {
        var groups = new List<ReportFields>();
        var group = new ReportFields();
        var name = "";
        var value = new StringBuilder();
        foreach (var line in text.EnumerateLines())
        {
            if (groups.Count >= ReportLimits.MaxGroups)
            {
                return groups;
            }

            if (line.IsWhiteSpace())
            {
                group.Keep(ref name, value);
                Close(groups, ref group);
            }
            else if (line[0] is ' ' or '\t' && name.Length > 0)
            {
                Append(value, line);
            }
            else
            {
                group.Keep(ref name, value);
                Open(line, out name, value);
                if (BeginsRecipient(name) && group.Has(name))
                {
                    // Some hosts leave the empty line between recipients out.
                    Close(groups, ref group);
                }
            }
        }

        group.Keep(ref name, value);
        Close(groups, ref group);
        return groups;
    }

    private static bool BeginsRecipient(string name) =>
        name.Equals("final-recipient", StringComparison.OrdinalIgnoreCase)
        || name.Equals("original-recipient", StringComparison.OrdinalIgnoreCase);

    private static void Close(List<ReportFields> groups, ref ReportFields group)
    {
        if (group.fields.Count > 0)
        {
            groups.Add(group);
            group = new ReportFields();
        }
    }

    private static void Open(ReadOnlySpan<char> line, out string name, StringBuilder value)
    {
        name = "";
        line = line.Trim();
        var colon = line.IndexOf(':');
        if (colon < 1 || colon > 64 || line[..colon].TrimEnd().ContainsAny(' ', '\t', '<'))
        {
            return;
        }

        name = line[..colon].TrimEnd().ToString();
        Append(value, line[(colon + 1)..]);
    }

    private static void Append(StringBuilder value, ReadOnlySpan<char> more)
    {
        more = more.Trim();
        if (value.Length + more.Length < ReportLimits.MaxValue)
        {
            value.Append(value.Length > 0 ? " " : "").Append(more);
        }
    }

    private void Keep(ref string name, StringBuilder value)
    {
        if (name.Length > 0 && fields.Count < ReportLimits.MaxFields)
        {
            fields.Add((name, PlainText.OneLine(value.ToString())));
        }

        name = "";
        value.Clear();
    }
}
