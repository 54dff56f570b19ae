using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Gateway.Benchmarks.Queue;
using ProviderEmulators;
using ProviderEmulators.Faults;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;
using ProviderEmulators.Smtp;
using SystemTests.Installed;

namespace SystemTests.Incidents;

/// <summary>One path of an incident: its name and the emulated provider behind it.</summary>
internal sealed record StagePath(string Name, EmulatedProvider Provider)
{
    /// <summary>Settings of the path beside those that every path of its kind has.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public IEnumerable<KeyValuePair<string, string?>> Describe()
    {
        var at = $"Gateway__Paths__{Name}__";
        var kind = Provider switch
        {
            SendGridEmulator => "sendgrid",
            MailgunEmulator => "mailgun",
            _ => "smtp",
        };
        yield return new(at + "Provider", kind);
        if (kind == "smtp")
        {
            yield return new(at + "Host", "127.0.0.1");
            yield return new(at + "Port", $"{Provider.SmtpPort}");
            yield return new(at + "Tls", "None");
            yield return new(at + "AllowPlaintextAuth", "true");
            yield return new(at + "User", RelayEmulator.User);
            yield return new(at + "Secret", RelayEmulator.Secret);
        }
        else
        {
            yield return new(at + "ApiKey", kind == "sendgrid" ? SendGridEmulator.ApiKey : MailgunEmulator.ApiKey);
            yield return new(at + "BaseUrl", Provider.Api!.ToString());
            yield return new(at + "AllowPlaintext", "true");
        }

        foreach (var (name, value) in Settings)
        {
            yield return new(at + name, value);
        }
    }
}

/// <summary>The product with emulated providers behind its paths, for playing an incident from beginning to end.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly EmulatorPorts Plain = new() { Tls = false };
    private readonly List<StagePath> paths = [];

    public IReadOnlyList<StagePath> Paths => paths;

    public Installation Installation { get; private set; } = null!;

    public InstalledLedger Ledger => Installation.Ledger;

    public async Task<StagePath> SendGridAsync(string name) => Add(new(name, await SendGridEmulator.StartAsync(Plain)));

    public async Task<StagePath> MailgunAsync(string name, params (string Name, string Value)[] settings) =>
        Add(
            new(name, await MailgunEmulator.StartAsync(Plain))
            {
                Settings = settings.ToDictionary(s => s.Name, s => s.Value),
            }
        );

    public StagePath Relay(string name, params (string Name, string Value)[] settings) =>
        Add(new(name, new RelayEmulator(Plain)) { Settings = settings.ToDictionary(s => s.Name, s => s.Value) });

    /// <param name="route">The default one: a line a tier.</param>
    public async Task BeginAsync(string[] route, int workers = 1, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(paths.SelectMany(p => p.Describe()));
        foreach (var (tier, index) in route.Select((t, i) => (t, i)))
        {
            all[$"Gateway__Route__{index}"] = tier;
        }

        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        Installation = await Installation.StartAsync(new() { Workers = workers, Settings = all });
    }

    /// <summary>A tenant whose mail goes over these tiers, each <c>name=weight, name=weight</c>.</summary>
    public async Task<InstalledTenant> TenantAsync(params string[] tiers)
    {
        var tenant = await Ledger.CreateTenantAsync();
        if (tiers.Length > 0)
        {
            var json = string.Join(
                ',',
                tiers.Select(t =>
                    "["
                    + string.Join(
                        ',',
                        t.Split(',', StringSplitOptions.TrimEntries)
                            .Select(p => p.Split('='))
                            .Select(p => $$"""{"path":"{{p[0]}}","weight":{{(p.Length > 1 ? p[1] : "1")}}}""")
                    )
                    + "]"
                )
            );
            await Ledger.ExecuteAsync(
                "INSERT INTO routes (route_id, tenant_id, place, tiers) VALUES (gen_random_uuid(), @Id, 1, ('[' || @json || ']')::jsonb)",
                new { tenant.Id, json }
            );
        }

        return tenant;
    }

    /// <summary>Until the rules of new tenants reached the Worker: that takes it a second at most.</summary>
    public static Task RulesAsync() => Task.Delay(TimeSpan.FromSeconds(1.5));

    /// <summary>Puts so many into the queue as if they had been accepted within the last hour.</summary>
    public Task QueueAsync(InstalledTenant tenant, int count, string stream = "broadcast") =>
        QueueFill.DueAsync(Ledger.ExecuteAsync, [tenant.Id], count, stream, tenant.Domain);

    /// <summary>Posts messages, each to a recipient of its own; several at once.</summary>
    public async Task SendAsync(
        InstalledTenant tenant,
        int count,
        string prefix = "n",
        string? name = null,
        string stream = "transactional"
    )
    {
        using var client = Installation.Client(Installation.Apis[0], tenant);
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, _) => await PostAsync(client, tenant, $"{prefix}{i}@example.net", name, stream)
        );
    }

    /// <summary>Posts at a rate until told to stop; returns how many.</summary>
    public async Task<int> LoadAsync(InstalledTenant tenant, double perSecond, string prefix, CancellationToken stop)
    {
        using var client = Installation.Client(Installation.Apis[0], tenant);
        var running = new List<Task>();
        var watch = Stopwatch.StartNew();
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            for (; sent < watch.Elapsed.TotalSeconds * perSecond; sent++)
            {
                running.Add(PostAsync(client, tenant, $"{prefix}{sent}@example.net", null, "transactional"));
            }

            running.RemoveAll(t => t.IsCompletedSuccessfully);
            await Task.Delay(10, CancellationToken.None);
        }

        await Task.WhenAll(running);
        return sent;
    }

    /// <summary>The time from a moment to the first delivery that the path took.</summary>
    public async Task<TimeSpan> FirstOverAsync(string path, DateTimeOffset since, Guid tenant)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var first = await Ledger.ScalarAsync<DateTime?>(
                """
                SELECT min(ended_at) FROM attempts
                WHERE path = @path AND outcome = 'Accepted' AND begun_at >= @since AND tenant_id = @tenant
                """,
                new
                {
                    path,
                    since,
                    tenant,
                }
            );
            if (first is { } at)
            {
                return new DateTimeOffset(at, TimeSpan.Zero) - since;
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"nothing went over {path}");
            await Task.Delay(20);
        }
    }

    /// <summary>From a moment to the first delivery that the path took after another path had failed it.</summary>
    public async Task<TimeSpan> FirstAfterFailureAsync(
        string path,
        DateTimeOffset since,
        params IEnumerable<InstalledTenant> tenants
    )
    {
        var first = await Ledger.ScalarAsync<DateTime?>(
            $"SELECT min(ended_at) FROM attempts WHERE path = @path AND outcome = 'Accepted' AND begun_at >= @since AND number > 1 AND {Of(tenants)}",
            new { path, since }
        );
        Assert.True(
            first is not null,
            $"{path} took nothing since {since:O} that another path had failed: {await AttemptsAsync(since)}"
        );
        return new DateTimeOffset(first.Value, TimeSpan.Zero) - since;
    }

    public async Task UntilAsync(string sql, string what, double seconds = 60) =>
        Assert.True(
            await Ledger.UntilAsync(sql, TimeSpan.FromSeconds(seconds)),
            $"not within {seconds} s: {what}. {await DescribeAsync()}"
        );

    /// <summary>What the attempts since a moment came to, by path and number.</summary>
    private async Task<string> AttemptsAsync(DateTimeOffset since) =>
        string.Join(
            "; ",
            await Ledger.QueryAsync<string>(
                """
                SELECT concat_ws(' ', count(*), path, least(number, 3), outcome, min(begun_at)::time(0), max(begun_at)::time(0))
                FROM attempts WHERE begun_at >= @since GROUP BY path, least(number, 3), outcome ORDER BY 1
                """,
                new { since }
            )
        );

    /// <summary>How all deliveries stand.</summary>
    public async Task<string> DescribeAsync(string of = "true") =>
        string.Join(
            ", ",
            await Ledger.QueryAsync<string>(
                $"""
                SELECT concat_ws(' ', count(*), state, cause, waiting_for) FROM deliveries WHERE {of}
                GROUP BY state, cause, waiting_for ORDER BY 1
                """
            )
        );

    /// <summary>Recipients that any provider took, with how often.</summary>
    public IReadOnlyDictionary<string, int> Received() =>
        paths
            .SelectMany(p => p.Provider.Store.Mails)
            .SelectMany(m => m.Recipients)
            .GroupBy(r => r.Trim('<', '>'), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(r => r.Key, r => r.Count(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Every delivery of these tenants was taken, each once.</summary>
    public async Task AssertEachOnceAsync(params IEnumerable<InstalledTenant> tenants)
    {
        var received = Received();
        var recipients = await Ledger.QueryAsync<string>(
            "SELECT recipient FROM deliveries WHERE tenant_id = ANY (@Ids)",
            new { Ids = tenants.Select(t => t.Id).ToArray() }
        );
        var expected = recipients.GroupBy(r => r, StringComparer.OrdinalIgnoreCase).ToArray();
        var less = expected.Count(r => received.GetValueOrDefault(r.Key) < r.Count());
        Assert.True(less == 0, $"{less} recipients received too little. {await DescribeAsync(Of(tenants))}");
        var more = expected.Count(r => received.GetValueOrDefault(r.Key) > r.Count());
        Assert.True(more == 0, $"{more} recipients received something twice");
    }

    /// <summary>The condition that a delivery is one of these tenants'.</summary>
    public static string Of(params IEnumerable<InstalledTenant> tenants) =>
        $"tenant_id IN ({string.Join(", ", tenants.Select(t => $"'{t.Id}'"))})";

    public static void Play(StagePath path, string scenario) =>
        path.Provider.Faults.Add(path.Provider.Scenarios[scenario]);

    public static void Play(StagePath path, Fault fault) => path.Provider.Faults.Add(fault);

    public static void Tell(string figures)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_PAGE") is { Length: > 0 } file)
        {
            File.AppendAllText(file, figures + "\n");
        }
    }

    public static int Number(string name, int other) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number)
            ? number
            : other;

    public async ValueTask DisposeAsync()
    {
        if (Installation is not null)
        {
            await Installation.DisposeAsync();
        }

        foreach (var path in paths)
        {
            await path.Provider.DisposeAsync();
        }
    }

    private StagePath Add(StagePath path)
    {
        paths.Add(path);
        return path;
    }

    private static async Task PostAsync(
        HttpClient client,
        InstalledTenant tenant,
        string to,
        string? name,
        string stream
    )
    {
        using var answer = await client.PostAsJsonAsync(
            "/v1/messages",
            new
            {
                from = tenant.Address,
                to = new[] { new { email = to, name = name ?? "" } },
                subject = "incident",
                stream,
                text = "Something happens while this is on its way.",
            }
        );
        Assert.True(
            (int)answer.StatusCode == 202,
            $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
        );
    }
}
