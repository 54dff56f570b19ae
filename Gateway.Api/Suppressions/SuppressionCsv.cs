using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Api.Suppressions;

/// <summary>Suppressions as CSV (RFC 4180); what is exported can be imported again.</summary>
internal static class SuppressionCsv
{
    /// <summary>Rows of one read of an export; each read is short.</summary>
    public const int PageSize = 2_000;
    public const string Header = "address,stream,reason,expires_at,detail,source,created_at\r\n";

    // A spreadsheet takes such a first character for a formula; the full-width ones too, in East Asian settings.
    private static readonly SearchValues<char> FormulaStarts = SearchValues.Create("=+-@\t\r\n\0＝＋－＠");

    public static string Rows(IEnumerable<SuppressionView> items)
    {
        var csv = new StringBuilder();
        foreach (var item in items)
        {
            Field(csv, item.Address).Append(',');
            Field(csv, item.Stream).Append(',');
            Field(csv, item.Reason).Append(',');
            Field(csv, Time(item.ExpiresAt)).Append(',');
            Field(csv, item.Detail).Append(',');
            Field(csv, item.Source).Append(',');
            Field(csv, Time(item.CreatedAt)).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>Without the quote that keeps a spreadsheet from running the field.</summary>
    public static string Unprotected(string field) =>
        field.Length > 1 && field[0] == '\'' && FormulaStarts.Contains(field[1]) ? field[1..] : field;

    /// <summary>Quoted always, and what a spreadsheet would run made text by a single quote (ASVS 1.2.10).</summary>
    private static StringBuilder Field(StringBuilder csv, string? text)
    {
        csv.Append('"');
        if (text is { Length: > 0 })
        {
            csv.Append(FormulaStarts.Contains(text[0]) ? "'" : "")
                .Append(text.Replace("\"", "\"\"", StringComparison.Ordinal));
        }

        return csv.Append('"');
    }

    private static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
