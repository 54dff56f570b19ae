using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Collects text with HTML's rules for white space: runs collapse, blocks begin lines, never two empty lines.</summary>
internal sealed class PlainTextBuilder(int capacity)
{
    private readonly StringBuilder text = new(Math.Min(capacity, 65_536));
    private int pendingLines;
    private bool pendingSpace;
    private int preformatted;

    public int Length => text.Length;

    public void Text(ReadOnlySpan<char> run)
    {
        foreach (var c in run)
        {
            if (preformatted > 0 && c == '\n')
                LineBreak();
            else if (IsSpace(c))
                Space();
            else if (!IsInvisible(c))
                Put(c);
        }
    }

    /// <summary>At least this many line ends before what follows.</summary>
    public void Block(int lines)
    {
        pendingLines = Math.Max(pendingLines, lines);
        pendingSpace = false;
    }

    public void LineBreak()
    {
        pendingLines = Math.Min(pendingLines + 1, 2);
        pendingSpace = false;
    }

    public void Item()
    {
        Block(lines: 1);
        Put('-');
        pendingSpace = true;
    }

    public void Rule()
    {
        Block(lines: 1);
        Text("---");
        Block(lines: 1);
    }

    public void Preformatted(bool begins)
    {
        Block(lines: 2);
        preformatted = Math.Max(0, preformatted + (begins ? 1 : -1));
    }

    /// <summary>Adds the target of a link that began at <paramref name="start"/>, unless its text says the same.</summary>
    public void Link(string? target, int start)
    {
        if (target is null || !IsShown(target))
            return;
        var address = target.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) ? target[7..] : target;
        var label = text.ToString(start, text.Length - start).Trim();
        if (
            label.Equals(target, StringComparison.OrdinalIgnoreCase)
            || label.Equals(address, StringComparison.OrdinalIgnoreCase)
        )
            return;
        if (text.Length > start)
            Space();
        Put('<');
        foreach (var c in target)
        {
            if (!IsSpace(c))
                text.Append(c);
        }

        text.Append('>');
    }

    public override string ToString()
    {
        if (text.Length > 0 && text[^1] != '\n')
            text.Append('\n');
        return text.ToString();
    }

    // In preformatted text spaces stand where they are; elsewhere one waits for the next word.
    private void Space()
    {
        if (preformatted > 0 && text.Length > 0)
            Put(' ');
        else
            pendingSpace = true;
    }

    private void Put(char c)
    {
        if (pendingLines > 0 && text.Length > 0)
            text.Append('\n', pendingLines);
        else if (pendingSpace && text.Length > 0)
            text.Append(' ');
        pendingLines = 0;
        pendingSpace = false;
        text.Append(c);
    }

    // Fragments and scripts lead nowhere from a text.
    private static bool IsShown(string target) =>
        target.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("tel:", StringComparison.OrdinalIgnoreCase);

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n' or '\f' or '\u00A0';

    // What templates put into preheaders to fill them: zero-width characters and soft hyphens; and controls.
    private static bool IsInvisible(char c) =>
        c is < ' ' or '\x7f' or '\u00AD' or '\u034F' or '\u200B' or '\u200C' or '\u2060' or '\uFEFF';
}
