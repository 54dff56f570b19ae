using System.Text;

namespace Gateway.Benchmarks.Load;

/// <summary>Text of random words: neither random bytes, which no mail is, nor one text that compresses to nothing.</summary>
internal static class RandomWords
{
    private const string Letters = "eeeeetttaaooiinnsshhrrddlluccmmwfgypbvkjxqz";
    private static readonly string[] Words = MakeWords(new Random(4711), 5_000);

    /// <summary>Lines of at most 72 characters, so many bytes together.</summary>
    public static string Text(Random random, int bytes)
    {
        var text = new StringBuilder(bytes + 16);
        for (var line = 0; text.Length < bytes; )
        {
            var word = Words[random.Next(Words.Length)];
            var fits = line + word.Length < 72;
            text.Append(
                    line == 0 ? ""
                    : fits ? " "
                    : "\n"
                )
                .Append(word);
            line = fits ? line + word.Length + 1 : word.Length;
        }

        return text.ToString(0, bytes);
    }

    private static string[] MakeWords(Random random, int count)
    {
        var words = new string[count];
        for (var i = 0; i < count; i++)
        {
            words[i] = new string([
                .. Enumerable.Range(0, random.Next(2, 11)).Select(_ => Letters[random.Next(Letters.Length)]),
            ]);
        }

        return words;
    }
}
