using System.Net;
using System.Text;

namespace Gateway.Webhooks.Unsubscribe;

/// <summary>What a person sees who follows the link with a browser: plain, without script, image or anything from elsewhere.</summary>
internal static class UnsubscribePage
{
    public const string Question = "Unsubscribe";

    /// <summary>Asks. It changes nothing: mail scanners follow every link that they see.</summary>
    public static string Ask(string address) =>
        Page(
            Question,
            $"""
            <p>No more mail of this kind to <b>{WebUtility.HtmlEncode(Hidden(address))}</b>?</p>
            <form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
            <button type="submit">Unsubscribe</button></form>
            """
        );

    public static string Done(string address) =>
        Page(
            "Unsubscribed",
            $"<p><b>{WebUtility.HtmlEncode(Hidden(address))}</b> will get no more mail of this kind.</p>"
        );

    public static string Later() =>
        Page("Please try again", "<p>This cannot be done at this moment. Please try again in a minute.</p>");

    public static string Unknown() =>
        Page(
            "Not found",
            "<p>This link is not complete, or not one of ours. Please use the link in the mail as it is.</p>"
        );

    public static string NotAsked() =>
        Page("Not understood", "<p>Nothing was changed. Please follow the link in the mail and press the button.</p>");

    /// <summary>Enough for its owner to know it again; a link that was passed on tells nobody else the address.</summary>
    private static string Hidden(string address)
    {
        var at = address.LastIndexOf('@');
        return at <= 1 ? "…" + address[Math.Max(at, 0)..] : address.EnumerateRunes().First() + "…" + address[at..];
    }

    private static string Page(string title, string body) =>
        new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
            .Append(title)
            .Append("</title><meta name=\"viewport\" content=\"width=device-width\"></head><body><h1>")
            .Append(title)
            .Append("</h1>")
            .Append(body)
            .Append("</body></html>")
            .ToString();
}
