using Gateway.Mail.Messages;
using Gateway.ReturnMail;
using Gateway.Suppressions;

namespace Gateway.Worker.Preparing;

/// <summary>
/// How a recipient leaves (RFC 2369 §3.2, RFC 8058): what is added to a mail of the streams that the tenant wants it on,
/// unless the mail brings its own. Each delivery has its own link, so it is added for each, after what all share.
/// </summary>
public sealed class LeavingOffer(ReturnMailOptions options, UnsubscribeLinks links, ReturnAddresses? addresses = null)
{
    private const string Name = "List-Unsubscribe";
    private const string OneClick = "List-Unsubscribe-Post";

    /// <summary>The fields, in one piece with their line ends; empty where nothing is offered.</summary>
    /// <param name="wanted">The tenant's <c>list_unsubscribe</c>: <c>broadcast</c>, <c>all</c> or <c>none</c>.</param>
    public byte[] For(UnsubscribeTarget target, string wanted)
    {
        if (wanted == "none" || (wanted != "all" && target.Stream != SuppressionRules.Broadcast))
        {
            return [];
        }

        var link =
            options.PublicUrl is { } root && links.Write(target) is { } token
                ? $"<{root}{UnsubscribeLinks.Folder}{token}>"
                : null;
        // A subject, since some programs will not send a mail without one.
        var mail = addresses is null
            ? null
            : $"<mailto:{addresses.Unsubscribe(target.DeliveryId)}?subject=unsubscribe>";
        return (link, mail) switch
        {
            (null, null) => [],
            (null, { } alone) => Bytes(Line(Name, alone)),
            // RFC 8058 §3.1: both fields, and an https link in the first.
            var (https, mailto) => Bytes(
                Line(Name, mailto is null ? https! : $"{https},\r\n {mailto}"),
                Line(OneClick, "List-Unsubscribe=One-Click")
            ),
        };
    }

    /// <summary>The mail with the fields before all others; the same mail where it says itself how to leave.</summary>
    public static ReadOnlyMemory<byte> AddTo(ReadOnlyMemory<byte> mail, ReadOnlyMemory<byte> fields)
    {
        if (fields.IsEmpty || MentionsOwn(mail))
        {
            return mail;
        }

        var both = new byte[fields.Length + mail.Length];
        fields.CopyTo(both);
        mail.CopyTo(both.AsMemory(fields.Length));
        return both;
    }

    private static bool MentionsOwn(ReadOnlyMemory<byte> mail)
    {
        var end = mail.Span.IndexOf("\r\n\r\n"u8);
        var headers = MimeMessage.Parse(end < 0 ? mail : mail[..(end + 4)]).Headers;
        return headers.Count(Name) > 0 || headers.Count(OneClick) > 0;
    }

    private static HeaderLine Line(string name, string value) =>
        HeaderLine.TryCreate(name, value, out var line)
            ? line!
            : throw new InvalidOperationException($"{name} cannot be written");

    private static byte[] Bytes(params ReadOnlySpan<HeaderLine> lines)
    {
        var bytes = new List<byte>(512);
        foreach (var line in lines)
        {
            bytes.AddRange(line.Bytes.Span);
        }

        return [.. bytes];
    }
}
