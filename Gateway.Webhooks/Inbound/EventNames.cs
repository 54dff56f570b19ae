using Gateway.Ledger;
using Gateway.Providers.Events;
using Gateway.Reports;

namespace Gateway.Webhooks.Inbound;

/// <summary>A provider's event in the words of the ledger's reports.</summary>
internal static class EventNames
{
    /// <summary>Characters of a provider's name of an event that are kept where it is shown.</summary>
    private const int LongestName = 200;

    /// <summary>Null for what is about no mail.</summary>
    public static DeliveryReport? ToReport(string path, ProviderEvent read) =>
        read.DeliveryId is { } delivery && KindOf(read.News) is { } kind
            ? new DeliveryReport
            {
                MessageId = LedgerId.MessageOf(delivery),
                DeliveryId = delivery,
                Attempt = read.Attempt,
                Path = path,
                Kind = kind,
                Outcome = read.Outcome,
                Scope = read.Scope,
                Class = read.Class,
                Reply = read.Reply,
                Status = read.Status,
                Source = "provider",
                SourceEventId = read.Name,
                At = read.At,
                Facts = read.Facts,
            }
            : null;

    public static bool IsAboutMail(ProviderNews news) => KindOf(news) is not null;

    public static string Of(ProviderNews news) => news.ToString().ToLowerInvariant();

    public static string Storable(string name) =>
        (name.Length <= LongestName ? name : name[..LongestName]).Replace('\0', '\uFFFD');

    private static Reported? KindOf(ProviderNews news) =>
        news switch
        {
            ProviderNews.Processed => Reported.Processed,
            ProviderNews.Deferred => Reported.Deferred,
            ProviderNews.Delivered => Reported.Delivered,
            ProviderNews.Failed => Reported.Failed,
            ProviderNews.Complained => Reported.Complained,
            ProviderNews.Opened => Reported.Opened,
            ProviderNews.Clicked => Reported.Clicked,
            ProviderNews.Unsubscribed => Reported.Unsubscribed,
            _ => null,
        };
}
