using Gateway.Ledger;
using Gateway.Providers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Worker.Delivery;
using ProviderEmulators;

namespace Gateway.Tests.Inbound;

/// <summary>Deliveries that a path took, as its provider sees them.</summary>
internal static class SentMails
{
    public static readonly NextStep Sent = new(DeliveryState.Sent);

    /// <summary>Accepts and sends so many over the path.</summary>
    public static async Task<Guid[]> SendAsync(TestLedger ledger, string path, int count, DateTimeOffset? at = null)
    {
        await using var mail = new LedgerMail(ledger);
        var tenant = await ledger.CreateTenantAsync();
        var ids = await Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(i =>
                    mail.AcceptAsync(
                        tenant,
                        new MailSketch { To = [$"r{i}@example.com"], At = at ?? DateTimeOffset.UtcNow }
                    )
                )
        );
        while (await mail.ServeAsync(Sent, path) > 0)
        {
            // Until all were sent.
        }

        return Array.ConvertAll(ids, id => LedgerId.Delivery(id, 1));
    }

    /// <summary>As the provider keeps it.</summary>
    public static KeptMail Kept(Guid delivery, string recipient = "ann@example.com", int attempt = 1) =>
        new()
        {
            Id = delivery.ToString("N"),
            Transport = "http",
            At = DateTimeOffset.UtcNow,
            MailFrom = "a@b.example",
            Recipients = [recipient],
            Content = "",
            Variables = Variables(delivery, attempt),
        };

    public static Dictionary<string, string> Variables(Guid delivery, int attempt = 1) =>
        new CarriedIds(delivery, LedgerId.MessageOf(delivery), attempt).Pairs().ToDictionary(p => p.Key, p => p.Value);

    public static Task<IReadOnlyList<(string State, long Count)>> StatesAsync(TestLedger ledger) =>
        ledger.QueryAsync<(string, long)>("SELECT state, count(*) FROM deliveries GROUP BY 1 ORDER BY 1");
}
