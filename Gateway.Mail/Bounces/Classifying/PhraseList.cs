namespace Gateway.Mail.Bounces.Classifying;

/// <summary>Tables of phrases are written as text: phrases stand between bars, so that a table is read at a glance.</summary>
internal static class PhraseList
{
    /// <summary>The phrases of a table. One that must begin or end with a space writes it as <c>~</c>.</summary>
    public static string[] Of(string table) =>
        [
            .. table
                .Split(['|', '\n', '\r'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(phrase => phrase.Replace('~', ' ')),
        ];
}
