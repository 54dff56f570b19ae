using System.Text;

namespace Gateway.Api.Suppressions;

/// <param name="Number">The line of the text that it begins on, from 1.</param>
internal readonly record struct CsvLine(int Number, IReadOnlyList<string> Fields);

/// <summary>Reads CSV (RFC 4180, with LF alone as well) in one pass. Throws nothing: a broken quote is an error of its line.</summary>
internal static class CsvLines
{
    /// <summary>Fields of a line; further ones make the line wrong.</summary>
    private const int MostFields = 20;

    /// <summary>Characters of one field.</summary>
    private const int LongestField = 2_000;

    /// <summary>The lines that hold something, until <paramref name="most"/> of them were read or one is broken.</summary>
    public static (List<CsvLine> Lines, (int Line, string Why)? Broken) Read(string text, int most)
    {
        var lines = new List<CsvLine>();
        var (at, number) = (text.StartsWith('\uFEFF') ? 1 : 0, 1);
        while (at < text.Length && lines.Count < most)
        {
            var (start, fields) = (number, new List<string>());
            do
            {
                if (ReadField(text, ref at, ref number) is not { } field)
                {
                    return (
                        lines,
                        (start, "a quoted field ends with a quote, and then comes a comma or the line's end")
                    );
                }

                if (field.Length > LongestField || fields.Count == MostFields)
                {
                    return (lines, (start, $"a line has at most {MostFields} fields of {LongestField} characters"));
                }

                fields.Add(field);
            } while (at < text.Length && text[at] == ',' && ++at >= 0);

            SkipLineEnd(text, ref at, ref number);
            if (fields.Count > 1 || fields[0].Length > 0)
            {
                lines.Add(new CsvLine(start, fields));
            }
        }

        return (lines, null);
    }

    private static string? ReadField(string text, ref int at, ref int number)
    {
        if (at >= text.Length || text[at] != '"')
        {
            var end = text.AsSpan(at).IndexOfAny(",\r\n");
            var plain = text.AsSpan(at, end < 0 ? text.Length - at : end);
            at += plain.Length;
            return plain.Trim().ToString();
        }

        var field = new StringBuilder();
        at++;
        while (true)
        {
            var quote = text.IndexOf('"', at);
            if (quote < 0)
            {
                return null;
            }

            var piece = text.AsSpan(at, quote - at);
            number += piece.Count('\n');
            field.Append(piece);
            at = quote + 1;
            if (at < text.Length && text[at] == '"')
            {
                field.Append('"');
                at++;
                continue;
            }

            return at == text.Length || text[at] is ',' or '\r' or '\n' ? field.ToString() : null;
        }
    }

    private static void SkipLineEnd(string text, ref int at, ref int number)
    {
        if (at < text.Length && text[at] == '\r')
        {
            at++;
        }

        if (at < text.Length && text[at] == '\n')
        {
            at++;
        }

        number++;
    }
}
