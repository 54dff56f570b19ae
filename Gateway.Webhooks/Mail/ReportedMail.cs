using Gateway.Mail.Bounces;
using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>
/// Which delivery a report is about that came to an address of everybody's: only what carries our mac is believed, its
/// envelope sender or where it lets its recipient leave. An id that stands there in the clear is anybody's claim.
/// </summary>
internal sealed class ReportedMail(ReturnAddresses? addresses, UnsubscribeLinks links)
{
    /// <summary>Places to leave in one field; ours has two.</summary>
    private const int MostPlaces = 10;

    /// <summary>The delivery, and its attempt where that is told; null where nothing of ours stands in it.</summary>
    public (Guid Delivery, int Attempt)? Find(MailReport report) =>
        OfAddress(report.OriginalReturnPath)
        ?? OfAddress(report.Feedback?.OriginalMailFrom)
        ?? OfPlaces(report.OriginalListUnsubscribe);

    private (Guid, int)? OfAddress(ReadOnlySpan<char> address)
    {
        var at = address.LastIndexOf('@');
        return at > 0 && addresses?.Read(address[..at], address[(at + 1)..]) is { } target
            ? (target.DeliveryId, target.Attempt)
            : null;
    }

    /// <summary>RFC 2369 §2: URLs in angle brackets, by commas; space within the brackets is none of theirs.</summary>
    private (Guid, int)? OfPlaces(string? field)
    {
        var rest = field.AsSpan();
        for (var places = 0; places < MostPlaces; places++)
        {
            var begin = rest.IndexOf('<');
            var length = begin < 0 ? -1 : rest[(begin + 1)..].IndexOf('>');
            if (length < 0)
            {
                return null;
            }

            var url = rest.Slice(begin + 1, length).ToString().Replace(" ", "", StringComparison.Ordinal);
            if (OfUrl(url) is { } found)
            {
                return found;
            }

            rest = rest[(begin + 1 + length + 1)..];
        }

        return null;
    }

    private (Guid, int)? OfUrl(ReadOnlySpan<char> url)
    {
        const string Mail = "mailto:";
        var end = url.IndexOf('?');
        var path = end < 0 ? url : url[..end];
        if (path.StartsWith(Mail, StringComparison.OrdinalIgnoreCase))
        {
            return OfAddress(path[Mail.Length..]);
        }

        var folder = path.LastIndexOf('/' + UnsubscribeLinks.Folder);
        return folder >= 0 && links.Read(path[(folder + 1 + UnsubscribeLinks.Folder.Length)..].ToString()) is { } target
            ? (target.DeliveryId, 0)
            : null;
    }
}
