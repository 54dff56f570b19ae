using System.Buffers;
using System.Text;

namespace Gateway.Api.Messages;

/// <summary>Messages as CSV (RFC 4180), one line a delivery.</summary>
internal static class MessageCsv
{
    private const string Header =
        "id,submission_id,created_at,from,subject,stream,tags,delivery_id,to,state,cause,path,reply";

    // A spreadsheet takes such a first character for a formula; the full-width ones too, in East Asian settings.
    private static readonly SearchValues<char> FormulaStarts = SearchValues.Create("=+-@\t\r\n\0＝＋－＠");

    public static string Write(IEnumerable<MessageItem> items)
    {
        var csv = new StringBuilder(Head);
        Add(csv, items);
        return csv.ToString();
    }

    /// <summary>The first line.</summary>
    public static string Head => Header + "\r\n";

    public static void Add(StringBuilder csv, IEnumerable<MessageItem> items)
    {
        foreach (var item in items)
        {
            foreach (var delivery in item.Deliveries)
            {
                Row(
                    csv,
                    item.Id.ToString(),
                    item.SubmissionId.ToString(),
                    item.CreatedAt.ToString("O"),
                    item.From,
                    item.Subject,
                    item.Stream,
                    string.Join(' ', item.Tags),
                    delivery.Id.ToString(),
                    delivery.To,
                    delivery.State,
                    delivery.Cause,
                    delivery.Path,
                    delivery.Reply
                );
            }
        }
    }

    private static void Row(StringBuilder csv, params ReadOnlySpan<string?> fields)
    {
        for (var i = 0; i < fields.Length; i++)
        {
            Field(csv.Append(i == 0 ? "" : ","), fields[i]);
        }

        csv.Append("\r\n");
    }

    /// <summary>Quoted always (RFC 4180 §2.6, §2.7), and what a spreadsheet would run made text by a single quote (ASVS 1.2.10).</summary>
    private static void Field(StringBuilder csv, string? text)
    {
        csv.Append('"');
        if (text is { Length: > 0 })
        {
            csv.Append(FormulaStarts.Contains(text[0]) ? "'" : "")
                .Append(text.Replace("\"", "\"\"", StringComparison.Ordinal));
        }

        csv.Append('"');
    }
}
