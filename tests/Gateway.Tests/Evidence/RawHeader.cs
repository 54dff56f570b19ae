using System.Text;

namespace Gateway.Tests.Evidence;

/// <summary>A second, plainer reader of a header section, so that the gateway's is not judged by itself.</summary>
internal sealed class RawHeader
{
    private readonly List<(string Name, string Text)> fields = [];

    private RawHeader(string before, string body) => (Before, Body) = (before, body);

    /// <summary>What stands before the first field: the "From " line of a mailbox file, or white space.</summary>
    public string Before { get; }

    /// <summary>From the empty line on, bytes as Latin-1.</summary>
    public string Body { get; }

    public static RawHeader Read(ReadOnlySpan<byte> message)
    {
        var text = Encoding.Latin1.GetString(message);
        var at = 0;
        var lines = new List<string>();
        var before = "";
        while (at < text.Length)
        {
            var end = text.IndexOf('\n', at) is var n and >= 0 ? n + 1 : text.Length;
            var line = text[at..end];
            if (line is "\n" or "\r\n")
            {
                break;
            }

            at = end;
            if (lines.Count > 0 || !(line[0] is ' ' or '\t' || line.StartsWith("From ", StringComparison.Ordinal)))
            {
                lines.Add(line);
            }
            else
            {
                before += line;
            }
        }

        var header = new RawHeader(before, text[at..]);
        foreach (var line in lines)
        {
            if (line[0] is ' ' or '\t' && header.fields.Count > 0)
            {
                var (name, value) = header.fields[^1];
                header.fields[^1] = (name, value + line);
            }
            else
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                header.fields.Add((colon < 0 ? "" : line[..colon].TrimEnd(), line));
            }
        }

        return header;
    }

    /// <summary>RFC 5322 §2.2: a field is a name of printable characters and a colon.</summary>
    public bool HasLineThatIsNoField => fields.Any(f => f.Name.Length == 0 || f.Name.Any(c => c is <= ' ' or > '~'));

    public int Count(string name) => fields.Count(f => Is(f.Name, name));

    /// <summary>Unfolded, without the line end.</summary>
    public string Value(string name)
    {
        var field = fields.First(f => Is(f.Name, name)).Text;
        return field[(field.IndexOf(':', StringComparison.Ordinal) + 1)..].ReplaceLineEndings("").Trim();
    }

    /// <summary>Gives the first field of the name another value and leaves every other byte.</summary>
    public void Replace(string name, string value)
    {
        var at = fields.FindIndex(f => Is(f.Name, name));
        var text = fields[at].Text;
        var end = text.EndsWith("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        fields[at] = (fields[at].Name, $"{text[..text.IndexOf(':', StringComparison.Ordinal)]}: {value}{end}");
    }

    /// <summary>The fields in order, each with its bytes, but for those of these names.</summary>
    public IEnumerable<string> FieldsWithout(params IReadOnlyList<string> names) =>
        fields.Where(f => !names.Any(n => Is(f.Name, n))).Select(f => f.Text);

    public byte[] ToBytes() => Encoding.Latin1.GetBytes(Before + string.Concat(fields.Select(f => f.Text)) + Body);

    private static bool Is(string name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);
}
