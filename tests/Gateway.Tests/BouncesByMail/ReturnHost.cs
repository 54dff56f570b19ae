using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Reports;
using Gateway.ReturnMail;
using Gateway.Suppressions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Running;
using Gateway.Webhooks.Mail;
using Gateway.Webhooks.Unsubscribe;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.BouncesByMail;

/// <summary>What comes back, on sockets of its own, over a ledger of the test's own: the server of the bounce domain, its reader, the links.</summary>
internal sealed class ReturnHost : IAsyncDisposable
{
    public const string Domain = "bounces.example";
    private readonly WebApplication app;

    private ReturnHost(TestLedger ledger, WebApplication app)
    {
        (Ledger, this.app) = (ledger, app);
        Mail = new LedgerMail(ledger);
        Suppressions = new SuppressionLedger(ledger.Worker, new SuppressionOptions());
        Http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(app.Urls.Single()),
        };
    }

    public TestLedger Ledger { get; }

    public LedgerMail Mail { get; }

    public SuppressionLedger Suppressions { get; }

    public HttpClient Http { get; }

    public ReturnAddresses Addresses { get; } = new(TestKeys.Ring, Domain);

    public UnsubscribeLinks Links { get; } = new(TestKeys.Ring);

    public int Port => app.Services.GetRequiredService<InboundMailServer>().Port;

    public static async Task<ReturnHost> StartAsync(TestCluster cluster, params (string Name, string Value)[] settings)
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection([
            new("Gateway:BounceDomain", Domain),
            new("Gateway:PublicUrl", "https://mail.example/"),
            new("Gateway:Inbound:Port", "0"),
            new("Gateway:Inbound:Bind", "127.0.0.1"),
            .. settings.Select(s => new KeyValuePair<string, string?>(s.Name, s.Value)),
        ]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Ring);
        builder.Services.AddKeyedSingleton(LedgerRole.Accept, ledger.Accept);
        builder.Services.AddKeyedSingleton(LedgerRole.Worker, ledger.Worker);
        builder.Services.AddReturnMail(builder.Configuration, builder.Environment).AddReports();
        builder.Services.AddInboundMail(builder.Configuration).AddUnsubscribe();
        var host = builder.Build();
        host.MapUnsubscribe();
        await host.StartAsync();
        return new ReturnHost(ledger, host);
    }

    /// <summary>A message that was handed to a path, its deliveries in the order of the recipients.</summary>
    public async Task<IReadOnlyList<Guid>> SentAsync(TestTenant tenant, string stream, params string[] to)
    {
        var message = await Mail.AcceptAsync(tenant, new() { To = to, Stream = stream });
        await Mail.ServeAsync(LedgerMail.Sent, "relay");
        return [.. to.Select((_, at) => LedgerId.Delivery(message, at + 1))];
    }

    /// <summary>After EHLO.</summary>
    public async Task<SmtpTalk> TalkAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        var talk = new SmtpTalk(new NetworkStream(socket, ownsSocket: true));
        await talk.Hear();
        await talk.Ask("EHLO mx.example.net");
        return talk;
    }

    /// <summary>One mail; the reply that decided.</summary>
    public async Task<string> BringAsync(string from, string to, string content)
    {
        await using var talk = await TalkAsync();
        return await BringAsync(talk, from, to, content);
    }

    public static async Task<string> BringAsync(SmtpTalk talk, string from, string to, string content)
    {
        foreach (var command in (string[])[$"MAIL FROM:<{from}>", $"RCPT TO:<{to}>", "DATA"])
        {
            var reply = await talk.Ask(command) ?? "";
            if (reply is not ['2' or '3', ..])
            {
                return reply;
            }
        }

        var stuffed = content.ReplaceLineEndings("\r\n").Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        await talk.Send(Encoding.UTF8.GetBytes(stuffed + "\r\n.\r\n"));
        return await talk.Hear() ?? "";
    }

    public Task ReadAllAsync(int count) =>
        Eventually.EqualAsync(
            (long)count,
            () => Ledger.ScalarAsync<long>("SELECT count(*) FROM inbound_mail WHERE state = 'done'"),
            "mail that was read"
        );

    public Task FollowAsync() =>
        Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await Suppressions.AdvanceAsync(CancellationToken.None);
                }
                catch (Npgsql.NpgsqlException)
                {
                    // As the host does: the next look follows what this one did not.
                    return false;
                }

                return await Ledger.ScalarAsync<bool>(
                    """
                    SELECT NOT EXISTS (SELECT FROM events e, suppression_cursor c WHERE (e.xid, e.id) > (c.xid, c.id)
                        AND e.type IN ('bounced', 'complained', 'unsubscribed', 'delivered', 'expired'))
                    """
                );
            },
            "every event is followed"
        );

    /// <summary>State and cause of a delivery, and the types of its events since it was sent.</summary>
    public Task<string> StateAsync(Guid delivery) =>
        Ledger.ScalarAsync<string>(
            """
            SELECT concat_ws(' ', d.state, d.cause, '|', (SELECT string_agg(e.type, ' ' ORDER BY e.sequence) FROM events e
                WHERE e.delivery_id = d.delivery_id AND e.sequence > 3))
            FROM deliveries d WHERE d.delivery_id = @delivery
            """,
            new { delivery }
        );

    public Task<string> ListOfAsync(string address) =>
        Ledger.ScalarAsync<string>(
            """
            SELECT coalesce(string_agg(concat_ws(' ', stream, reason, source), '; ' ORDER BY stream), '')
            FROM suppressions WHERE address = @address
            """,
            new { address }
        );

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Mail.DisposeAsync();
        await app.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}
