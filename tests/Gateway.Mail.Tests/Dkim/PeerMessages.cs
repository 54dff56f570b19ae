using System.Text;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>Well-formed messages whose white space, folding and octets are chosen to make canonicalizers disagree.</summary>
internal static class PeerMessages
{
    private static readonly string[] Words =
    [
        "a",
        "word",
        "  ",
        " ",
        "\t",
        " \t ",
        "ünï",
        "=20",
        ".",
        "--b1",
        "\r\n",
        "\r\n\r\n",
    ];

    /// <param name="count">How many.</param>
    /// <param name="seed">Of the random choices.</param>
    /// <param name="afterColon">
    /// What stands between colon and value: opendkim's test mode, like a milter, has lost it and writes one space.
    /// </param>
    public static IEnumerable<byte[]> Make(int count, int seed, string afterColon)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            var header = new StringBuilder(
                $"FROM:{afterColon}Ann{Space(random)}\r\n  <ann@example.com>{Space(random)}\r\n"
            );
            foreach (var name in new[] { "to", "SUBJECT", "Date", "Message-Id", "Mime-Version", "References" })
            {
                header.Append(
                    $"{name}:{afterColon}y{Text(random, 6).ReplaceLineEndings("\r\n\t").TrimEnd()}x{Space(random)}\r\n"
                );
            }

            yield return Encoding.UTF8.GetBytes(header + "\r\n" + Text(random, 40) + "\r\n");
        }
    }

    private static string Text(Random random, int words) => string.Concat(random.GetItems(Words, random.Next(words)));

    private static string Space(Random random) => random.Next(3) == 0 ? " \t" : "";
}
