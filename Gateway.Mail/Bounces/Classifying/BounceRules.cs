namespace Gateway.Mail.Bounces.Classifying;

/// <summary>
/// The order of the tables: what says that we are refused stands before what says that the address is wrong, so that
/// "user unknown or blocked by policy" costs a retry and never a good address.
/// </summary>
internal static class BounceRules
{
    private static readonly PhraseRule[] All =
    [
        .. FarSidePhrases.Mailers,
        .. MailboxPhrases.Full,
        .. BlockPhrases.All,
        .. MessagePhrases.All,
        .. MailboxPhrases.Closed,
        .. AddressPhrases.All,
        .. FarSidePhrases.Network,
        .. BlockPhrases.Last,
    ];

    /// <summary>The notice itself says that a mailbox is switched off.</summary>
    public static bool SaysClosed(string notice) => Array.Exists(MailboxPhrases.Closed, rule => rule.Holds(notice));

    /// <summary>The reporting host itself found that the address does not exist.</summary>
    public static bool SaysUnknown(string notice) => AddressPhrases.Edge.Holds(notice);

    /// <summary>The first line that holds for the text (see <see cref="Reading.PlainText.Searchable"/>), or null.</summary>
    public static PhraseRule? Find(string text) => text.Length == 0 ? null : Array.Find(All, rule => rule.Holds(text));
}
