using System.Text;
using Gateway.Tests.Doors;

namespace Gateway.Tests.Evidence;

/// <summary>Looks for the defect that a refusal names in the bytes themselves.</summary>
internal static class RawDefect
{
    private const int LongestLine = 998;
    private const int LongestField = 65_536;
    private const int Deepest = 50;

    public static bool IsReal(DoorAnswer refusal, byte[] message)
    {
        var text = Encoding.Latin1.GetString(message);
        var header = RawHeader.Read(message);
        var field = refusal.Field ?? "";
        return refusal.Code switch
        {
            "nul" => text.Contains('\0'),
            "bare_carriage_return" => text.Replace("\r\n", "", StringComparison.Ordinal).Contains('\r'),
            "mixed_line_ends" => text.Contains("\r\n", StringComparison.Ordinal)
                && text.Replace("\r\n", "", StringComparison.Ordinal).Contains('\n'),
            "line_too_long" => text.Split('\n').Any(line => line.TrimEnd('\r').Length > LongestLine),
            "mime_limit" => header.FieldsWithout().Any(f => f.Length > LongestField)
                || text.Split("\nContent-Type:", StringSplitOptions.None).Length > Deepest,
            "header_malformed" => header.HasLineThatIsNoField,
            "header_repeated" => header.Count(field) > 1,
            "from_not_one" => header.Count("From") != 1 || header.Value("From").Count(c => c == '@') != 1,
            // Whatever the word for it, no address of the field was the tenant's: it could not be read to be replaced.
            _ => field is "From" or "Sender"
                && !header.Value(field).Contains("raw-evidence.example", StringComparison.Ordinal),
        };
    }
}
