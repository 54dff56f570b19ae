using System.Net.Http.Headers;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Secrets;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Resends;

/// <summary>The rescue as a story, with hosts that run: a relay that refuses everybody, and what follows.</summary>
public sealed class RescueTests(TestCluster cluster)
{
    private const int Mails = 5_000;
    private const int Each = 500;
    private const double Rate = 1_000;

    [Fact]
    public async Task Five_thousand_mails_for_a_path_that_refuses_all_are_listed_previewed_and_resent_each_once()
    {
        await using var bad = new SmtpScriptServer(SmtpScript.At("RCPT", "550 5.1.1 no such user"));
        await using var good = new SmtpScriptServer();
        await using var folder = await TestFolder.CreateAsync();
        var token = Guid.NewGuid().ToString("N");
        var file = Path.Combine(folder.Path, "operator.token");
        PrivateFile.Write(file, token);
        await using var gateway = await StartAsync(bad, good, file);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        for (var i = 0; i < Mails; i += Each)
        {
            await client.PostJsonAsync("/v1/messages", Mail(tenant, i)).Expect(202);
        }

        // The path is left once it refused so many in a row; nothing is lost, and the rest waits for a path.
        await UntilAsync(gateway, 0, "state IN ('queued', 'sending') OR waiting_for = 'verdict'", "mails on their way");
        using var ops = gateway.Client(null);
        ops.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var park = new
        {
            tenant = tenant.Id,
            rate = Rate,
            reason = "until the relay is mended",
        };
        await ops.PostJsonAsync("/ops/v1/holds", park).Expect(200);
        await UntilAsync(gateway, Mails, "state IN ('held', 'bounced')", "mails that failed or are parked");

        // Listed: every one, and with what the path said where it said something.
        var lines = await CsvAsync(client, "held,bounced".Split(','));
        Assert.Equal(Mails, lines.Count);
        Assert.Contains(lines, l => l.EndsWith("\"bad\",\"550 5.1.1 no such user\"", StringComparison.Ordinal));

        var filter = new
        {
            states = new[] { "bounced", "held" },
            tenant = tenant.Id,
            over = "good",
            lift_bounces = true,
            rate = Rate,
            reason = "the relay was misconfigured",
        };
        var tried = await ops.PostJsonAsync("/ops/v1/resends?dry_run=true", filter).Expect(200);
        Assert.Equal($"{Mails}", tried.Body["preview"]!["would_act"]!.ToString());
        var began = DateTime.UtcNow;
        var job = await ops.PostJsonAsync("/ops/v1/resends", filter).Expect(200);
        var path = $"/ops/v1/resends/{job.Body["job"]!["id"]}";
        await Eventually.EqualAsync("done", async () => (await ops.GetJsonAsync(path))["state"]!, "the job");
        Assert.True(
            DateTime.UtcNow - began > TimeSpan.FromSeconds((Mails / Rate) - 1.5),
            "it was faster than its rate"
        );
        await UntilAsync(gateway, Mails, "state = 'sent' AND path = 'good'", "mails that the good path took");

        Assert.Equal(Mails, good.Mails.Count);
        Assert.Equal(Mails, good.Mails.Select(m => m.Recipients.Single()).Distinct().Count());
        Assert.Equal(
            $"{Mails}",
            (await ops.GetJsonAsync(path)).Body["outcomes"]!.AsObject().Sum(o => (int)o.Value!).ToString()
        );
    }

    private static async Task<IReadOnlyList<string>> CsvAsync(HttpClient client, string[] states)
    {
        var all = new List<string>();
        foreach (var state in states)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/messages?state={state}");
            request.Headers.Add("Accept", "text/csv");
            using var answer = await client.SendAsync(request);
            var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            all.AddRange(lines[1..].Where(l => l.Contains($"\"{state}\"", StringComparison.Ordinal)));
        }

        return all;
    }

    private static object Mail(TestTenant tenant, int from) =>
        new
        {
            from = tenant.Address,
            to = Enumerable.Range(from, Each).Select(i => $"r{i}@example.net").ToArray(),
            subject = "x",
            text = "x",
        };

    private Task<RunningGateway> StartAsync(SmtpScriptServer bad, SmtpScriptServer good, string tokenFile)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Gateway__OperatorTokenFile"] = tokenFile,
            ["Gateway__Route__0"] = "bad",
        };
        foreach (var (name, relay) in new[] { ("bad", bad), ("good", good) })
        {
            settings[$"Gateway__Paths__{name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{name}__Port"] = $"{relay.Port}";
            settings[$"Gateway__Paths__{name}__Tls"] = "None";
        }

        return RunningGateway.StartAsync(cluster, settings: settings);
    }

    private static Task UntilAsync(RunningGateway gateway, int count, string where, string what) =>
        Eventually.EqualAsync(
            (long)count,
            () => gateway.Ledger.ScalarAsync<long>($"SELECT count(*) FROM deliveries WHERE {where}"),
            what
        );
}
