using System.Text;

namespace Gateway.Mail.Tests.Messages.Composition;

/// <summary>Seeded random texts of the kinds that break mail: the seed in a failure's message repeats it.</summary>
internal sealed class RandomText(int seed)
{
    private readonly Random random = new(seed);

    private static readonly string[] Pieces =
    [
        "a",
        "Z",
        "9",
        " ",
        " ",
        "  ",
        "\"",
        "\\",
        "<",
        ">",
        "(",
        ")",
        "@",
        ",",
        ";",
        ":",
        "[",
        "]",
        ".",
        "'",
        "=",
        "?",
        "_",
        "=?",
        "?=",
        "=?utf-8?q?x?=",
        "=?utf-8?b?eA==?=",
        "\\\"",
        "<a@b.example>",
        "--",
        "=_",
        "Bcc:",
        "é",
        "ß",
        "ﬀ",
        "Ω",
        "ж",
        "中",
        "文字",
        "ア",
        "한",
        "\u05D0\u05D1",
        "\u0627\u0644",
        "\u202E",
        "\u200F",
        "\u200D",
        "\u0301",
        "e\u0308",
        "\u00A0",
        "\u0085",
        "\u2028",
        "😀",
        "👩‍👩‍👧",
        "𝒳",
        "🇩🇪",
        "\uFEFF",
        "\uFFFD",
        "\uFFFE",
        "%20",
        "%",
        "*",
        "''",
        "utf-8''",
        "/",
        "#",
        "|",
    ];

    public int Next(int below) => random.Next(below);

    public bool Chance(int percent) => random.Next(100) < percent;

    /// <summary>What a header may hold: no control characters.</summary>
    public string Line(int maxPieces)
    {
        var text = new StringBuilder();
        for (var count = random.Next(1, maxPieces + 1); count > 0; count--)
            text.Append(Pieces[random.Next(Pieces.Length)]);
        return text.ToString();
    }

    /// <summary>Any text, with all kinds of line ends, tabs, dots and long lines.</summary>
    public string Block(int maxLines)
    {
        var text = new StringBuilder();
        for (var count = random.Next(0, maxLines + 1); count > 0; count--)
        {
            text.Append(
                random.Next(10) switch
                {
                    0 => ".",
                    1 => "From here",
                    2 => new string('x', random.Next(2_000)),
                    3 => "\t tab and space \t",
                    4 => "--=_0",
                    5 => "plain words only",
                    _ => Line(12),
                }
            );
            text.Append(
                random.Next(5) switch
                {
                    0 => "\n",
                    1 => "\r",
                    2 => "\n\n",
                    3 => "",
                    _ => "\r\n",
                }
            );
        }

        return text.ToString();
    }

    public byte[] Bytes(int max)
    {
        var bytes = new byte[random.Next(max)];
        random.NextBytes(bytes);
        return bytes;
    }
}
