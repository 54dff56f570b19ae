using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>
/// What a report says in words, apart from the message it gives back. The second half decides nothing: an old message
/// may quote a bounce.
/// </summary>
internal sealed class Notice
{
    /// <summary>The lines before the returned message, quoting removed.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>The returned message's header as text, or empty.</summary>
    public required string Original { get; init; }

    public static Notice Of(MimeMessage message)
    {
        var plain = new StringBuilder();
        var html = new StringBuilder();
        var original = "";
        foreach (var part in message.Parts())
        {
            if (HoldsOriginal(part))
            {
                original = HeaderText(part, message);
                break;
            }

            if (part != message.Root && part.Headers.First("received") is not null)
            {
                // The returned message stands in the place of a part, without a type of its own.
                original = HeaderOf(part, message);
                break;
            }

            if (
                part.Children.Count > 0
                || plain.Length > ReportLimits.MaxNotice
                || html.Length > ReportLimits.MaxNotice
            )
            {
                continue;
            }

            // A multipart whose boundary never comes still has its text; so has one of a made-up type.
            if (part.ContentType.Is("text", "html"))
            {
                html.Append(HtmlWords.Of(Bounded(part.DecodeText()))).Append('\n');
            }
            else if (part.ContentType.IsText || part.IsMultipart || part.ContentType.IsMultipart)
            {
                plain.Append(Bounded(part.DecodeText())).Append('\n');
            }
        }

        var said = plain.ToString().AsSpan().IsWhiteSpace() ? html : plain;
        var lines = Quoting.Remove(Split(said.ToString()));
        var cut = OriginalMark.Find(lines);
        if (original.Length == 0 && cut < lines.Count)
        {
            original = Join(lines, cut);
        }

        return new Notice { Lines = lines.GetRange(0, cut), Original = original };
    }

    private static bool HoldsOriginal(MimePart part) =>
        part.ContentType.IsMessage
        || part.ContentType.Is("text", "rfc822-headers")
        || part.ContentType.Is("message", "global-headers")
        || part.ContentType.Is("message", "partial")
        || part.Headers.First("content-description")?.Text is { } said
            && (
                said.StartsWith("Undelivered", StringComparison.OrdinalIgnoreCase)
                || said.StartsWith("Original", StringComparison.OrdinalIgnoreCase)
            );

    private static string HeaderText(MimePart part, MimeMessage message)
    {
        if (part.Enclosed is { } enclosed)
        {
            return HeaderOf(enclosed, message);
        }

        var text = part.DecodeText();
        return text.Length > ReportLimits.MaxOriginal ? text[..ReportLimits.MaxOriginal] : text;
    }

    private static string HeaderOf(MimePart part, MimeMessage message)
    {
        var start = part.HeaderRange.Start.Value;
        var end = Math.Min(part.HeaderRange.End.Value, start + ReportLimits.MaxOriginal);
        return Encoding.UTF8.GetString(message.Bytes.Span[start..end]);
    }

    private static string Bounded(string text) =>
        text.Length > ReportLimits.MaxNotice ? text[..ReportLimits.MaxNotice] : text;

    private static List<string> Split(string text)
    {
        var lines = new List<string>();
        foreach (var line in text.AsSpan(0, Math.Min(text.Length, ReportLimits.MaxNotice * 2)).EnumerateLines())
        {
            lines.Add(line.TrimEnd().ToString());
        }

        return lines;
    }

    private static string Join(List<string> lines, int from)
    {
        var text = new StringBuilder();
        for (var i = from; i < lines.Count && text.Length < ReportLimits.MaxOriginal; i++)
        {
            text.Append(lines[i]).Append('\n');
        }

        return text.ToString();
    }
}
