using System.Text.Json;

namespace Gateway.Mail.Tests.Smtp.Attacks;

/// <summary>Byte sequences that some server somewhere took for the end of content (VU#302671, CVE-2023-51764/65/66).</summary>
internal static class FakeEnds
{
    public static readonly string[] All =
    [
        "\n.\n",
        "\n.\r",
        "\r.\n",
        "\r.\r",
        "\n.\r\n",
        "\r.\r\n",
        "\r\n\0.\r\n",
        "\r\n.\r\r\n",
        "\r\r\n.\r\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\n\n.\n\n",
        "\r\n\n.\r\n",
        "\r\n.\0\r\n",
        "\r\n.\r\0\n",
        "\n.\r\r\n",
    ];

    public static IReadOnlyList<string> OfCorpus()
    {
        var file = File.ReadAllText(Corpora.Path("smtp-smuggling", "sequences.json"));
        using var json = JsonDocument.Parse(file);
        return
        [
            .. json
                .RootElement.EnumerateArray()
                .Select(e => System.Text.Encoding.Latin1.GetString(e.GetProperty("base64").GetBytesFromBase64())),
        ];
    }
}
