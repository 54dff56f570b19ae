using System.Text;

namespace ProviderEmulators;

/// <summary>A field of a header section, unfolded.</summary>
internal sealed record MailField(string Name, string Value, int LongestLine);

/// <summary>Reads the header section of a message; plain and by itself, so that no reader of the product is needed.</summary>
internal static class MailFields
{
    public static IReadOnlyList<MailField> Read(byte[] message)
    {
        var fields = new List<MailField>();
        foreach (var line in Encoding.UTF8.GetString(message).Split("\r\n"))
        {
            if (line.Length == 0)
            {
                break;
            }

            if (line[0] is ' ' or '\t' && fields.Count > 0)
            {
                var last = fields[^1];
                fields[^1] = last with
                {
                    Value = last.Value + line,
                    LongestLine = Math.Max(last.LongestLine, line.Length),
                };
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                fields.Add(new MailField(line[..colon].TrimEnd(), line[(colon + 1)..].Trim(), line.Length));
            }
        }

        return fields;
    }

    /// <summary>The value of the first field of that name.</summary>
    public static string? First(this IReadOnlyList<MailField> fields, string name) =>
        fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value;

    /// <summary>The address of a From or Sender, without its name.</summary>
    public static string Address(string value)
    {
        var open = value.LastIndexOf('<');
        var close = value.LastIndexOf('>');
        return open >= 0 && close > open ? value[(open + 1)..close] : value.Trim();
    }
}
