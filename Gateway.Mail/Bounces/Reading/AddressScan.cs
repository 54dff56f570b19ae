namespace Gateway.Mail.Bounces.Reading;

/// <summary>Finds what looks like an address in a line. Lenient: what a host calls a recipient need not be a valid one.</summary>
internal static class AddressScan
{
    private const int MaxAddress = 320;

    /// <summary>The first address at or after <paramref name="from"/>: its start and length, or length 0.</summary>
    public static (int Start, int Length) Find(ReadOnlySpan<char> line, int from = 0)
    {
        while (from < line.Length)
        {
            var sign = line[from..].IndexOf('@');
            if (sign < 0)
            {
                break;
            }

            sign += from;
            var start = sign;
            while (start > 0 && sign - start < MaxAddress && IsLocal(line[start - 1]))
            {
                start--;
            }

            var end = sign + 1;
            while (end < line.Length && end - sign < MaxAddress && IsDomain(line[end]))
            {
                end++;
            }

            var domain = line[(sign + 1)..end].TrimEnd(".-");
            if (start < sign && domain.Length > 0)
            {
                return (start, sign + 1 + domain.Length - start);
            }

            from = end;
        }

        return (0, 0);
    }

    private static bool IsLocal(char c) =>
        char.IsLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal);

    private static bool IsDomain(char c) => char.IsLetterOrDigit(c) || c is '.' or '-' or '_';
}
