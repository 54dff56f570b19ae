namespace Gateway.Mail.Messages;

/// <summary>
/// Decoding may bring forth what no header can hold: "=?utf-8?q?=0D=0ABcc:?=" must never become a line of its own
/// where the text is used again.
/// </summary>
internal static class HeaderSafe
{
    public static string Text(string decoded) =>
        decoded.AsSpan().ContainsAny('\r', '\n', '\0')
            ? decoded.Replace('\r', '\uFFFD').Replace('\n', '\uFFFD').Replace('\0', '\uFFFD')
            : decoded;
}
