using Gateway.Database;
using Gateway.Ledger;
using Gateway.Net;
using Gateway.Providers;
using Gateway.Providers.Events;
using Gateway.Reports;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>
/// Fetches from the provider what it did not tell, for paths whose events are missing: its list of events (Mailgun), or mail
/// by mail (SendGrid's Email Activity, where the account has it). Names are those of the pushed events, so one that still
/// comes later changes nothing.
/// </summary>
internal sealed class EventFetch(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    EventPaths paths,
    ReportRecorder recorder,
    TimeProvider clock,
    ILogger<EventFetch> log
)
{
    /// <summary>Mails without news that one round asks about.</summary>
    private const int MostMails = 200;

    /// <summary>Pages of a domain in one round.</summary>
    private const int MostPages = 100;

    /// <summary>How far back a provider is asked: inside the least retention of all.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromHours(24);

    private const string Silent = "SELECT path FROM path_endpoints WHERE silent_since IS NOT NULL";

    // Sent on that path and nothing since: neighbours by their ids, which are times.
    private const string WithoutNews = """
        SELECT a.message_id, a.delivery_id, a.number, a.begun_at, d.recipient, m.from_domain
        FROM (SELECT * FROM attempts x WHERE x.message_id >= $2 AND x.message_id < $3 AND x.delivery_id >= $2
                AND x.path = $1 AND x.outcome = 'Accepted'
                AND EXISTS (SELECT FROM deliveries s WHERE s.tenant_id = x.tenant_id AND s.message_id = x.message_id
                    AND s.delivery_id = x.delivery_id AND s.state = 'sent' AND s.attempts = x.number)
            ORDER BY x.delivery_id LIMIT $4) a
        CROSS JOIN LATERAL (SELECT recipient FROM deliveries x WHERE x.tenant_id = a.tenant_id
            AND x.message_id = a.message_id AND x.delivery_id = a.delivery_id LIMIT 1) d
        CROSS JOIN LATERAL (SELECT from_domain FROM messages x WHERE x.tenant_id = a.tenant_id
            AND x.message_id = a.message_id LIMIT 1) m
        """;

    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var name in await SilentAsync(cancel))
        {
            if (paths.Named(name) is { } path)
            {
                await FetchAsync(path, cancel);
            }
        }
    }

    /// <summary>How many events were fetched that were new.</summary>
    public async Task<int> FetchAsync(EventPath path, CancellationToken cancel)
    {
        var mails = await WithoutNewsAsync(path.Name, cancel);
        if (mails.Count == 0 || Account(path) is not { } account)
        {
            return 0;
        }

        await using var held = account;
        var reports = account switch
        {
            IListsEvents lists => await ListAsync(path, lists, mails, cancel),
            ILooksUp asks => await AskAsync(path, asks, mails, cancel),
            _ => [],
        };
        var results = await recorder.RecordAsync(reports, cancel);
        var count = results.Count(r => r.Verdict == ReportVerdict.Recorded);
        GatewayTelemetry.InboundEvents.Add(
            count,
            new("path", path.Name),
            new("news", "fetched"),
            new("result", "recorded")
        );
        InboundLogLines.EventsFetched(log, count, path.Name);
        return count;
    }

    private static async Task<IReadOnlyList<DeliveryReport>> ListAsync(
        EventPath path,
        IListsEvents lists,
        List<SilentMail> mails,
        CancellationToken cancel
    )
    {
        var reports = new List<DeliveryReport>();
        foreach (var domain in mails.GroupBy(m => m.FromDomain))
        {
            var since = domain.Min(m => m.SentAt) - TimeSpan.FromMinutes(2);
            string? next = null;
            for (var page = 0; page < MostPages; page++)
            {
                var list = await lists.ListEventsAsync(domain.Key, since, next, cancel);
                reports.AddRange(list.Events.Select(e => EventNames.ToReport(path.Name, e)).OfType<DeliveryReport>());
                if ((next = list.Next) is null)
                {
                    break;
                }
            }
        }

        return reports;
    }

    private async Task<IReadOnlyList<DeliveryReport>> AskAsync(
        EventPath path,
        ILooksUp asks,
        List<SilentMail> mails,
        CancellationToken cancel
    )
    {
        var reports = new List<DeliveryReport>();
        foreach (var mail in mails)
        {
            var found = await asks.LookUpAsync(
                new SentMail
                {
                    DeliveryId = mail.Delivery,
                    Attempt = mail.Attempt,
                    Recipient = mail.Recipient,
                    FromDomain = mail.FromDomain,
                    SentAt = mail.SentAt,
                },
                cancel
            );
            if (found.Answer == LookUpAnswer.CannotTell)
            {
                break;
            }

            if (found.IsDelivered)
            {
                reports.Add(
                    new DeliveryReport
                    {
                        MessageId = mail.Message,
                        DeliveryId = mail.Delivery,
                        Attempt = mail.Attempt,
                        Path = path.Name,
                        Kind = Reported.Delivered,
                        Source = "lookup",
                        SourceEventId = $"activity/{mail.Delivery:D}-{mail.Attempt}",
                        At = clock.GetUtcNow(),
                    }
                );
            }
        }

        return reports;
    }

    private async Task<List<string>> SilentAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Silent);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var silent = new List<string>();
        while (await reader.ReadAsync(cancel))
        {
            silent.Add(reader.GetString(0));
        }

        return silent;
    }

    private async Task<List<SilentMail>> WithoutNewsAsync(string path, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var command = ledger.CreateCommand(WithoutNews);
        command.Parameters.AddWithValue(path);
        command.Parameters.AddWithValue(LedgerId.FirstOf(now - Retention));
        command.Parameters.AddWithValue(LedgerId.FirstOf(now - EventReturns.NormalDelay));
        command.Parameters.AddWithValue(MostMails);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var mails = new List<SilentMail>();
        while (await reader.ReadAsync(cancel))
        {
            mails.Add(
                new SilentMail(
                    reader.GetGuid(0),
                    reader.GetGuid(1),
                    reader.GetInt32(2),
                    reader.GetFieldValue<DateTimeOffset>(3),
                    reader.GetString(4),
                    reader.GetString(5)
                )
            );
        }

        return mails;
    }

    private IProvider? Account(EventPath path)
    {
        var addresses = path.Tenant is null
            ? AddressPolicy.Anywhere
            : AddressPolicy.PublicOnly(AddressPolicy.MailPorts);
        return ProviderRegistry.Create(path.Name, path.Settings, new ProviderServices(ledger, clock, addresses), []);
    }

    private sealed record SilentMail(
        Guid Message,
        Guid Delivery,
        int Attempt,
        DateTimeOffset SentAt,
        string Recipient,
        string FromDomain
    );
}
