using System.Diagnostics;
using System.Globalization;
using ProviderEmulators.Faults;
using SystemTests.Incidents;
using SystemTests.Installed;

namespace SystemTests.Failover;

/// <summary>From a death to the first delivery over the other path, for each way to die.</summary>
[Collection("incidents")]
public sealed class FailoverTimeTests(SharedStage shared)
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <summary>By an operator.</summary>
    private const string Switched = "switched";

    internal static readonly (string Kind, string Name, Fault Fault)[] Deaths =
    [
        ("relay", "connect-reset", new() { At = FaultStep.Connect, Do = FaultAct.Reset }),
        ("relay", "greeting", new() { At = FaultStep.Connect, Body = "554 5.3.2 no service here" }),
        ("relay", "login", new() { At = FaultStep.Auth, Body = "535 5.7.8 Authentication failed" }),
        ("relay", "suspended", new() { At = FaultStep.Mail, Body = "550 5.7.1 account is suspended" }),
        ("relay", "relay-denied", new() { At = FaultStep.Rcpt, Body = "554 5.7.1 relay access denied" }),
        ("relay", "data-reset", new() { At = FaultStep.Data, Do = FaultAct.Reset }),
        (
            "sendgrid",
            "sg-401",
            new()
            {
                At = FaultStep.Answer,
                Status = 401,
                Body = "{}",
            }
        ),
        (
            "sendgrid",
            "sg-403",
            new()
            {
                At = FaultStep.Answer,
                Status = 403,
                Body = "{}",
            }
        ),
        (
            "mailgun",
            "mg-402",
            new()
            {
                At = FaultStep.Answer,
                Status = 402,
                Body = """{"message":"Request Failed"}""",
            }
        ),
        (
            "mailgun",
            "mg-404",
            new()
            {
                At = FaultStep.Answer,
                Status = 404,
                Body = """{"message":"Domain not found"}""",
            }
        ),
    ];

    [Fact]
    public async Task A_death_that_answers_or_refuses_costs_less_than_a_second()
    {
        var stage = shared.Stage;
        string[] names = [.. Deaths.Select(d => d.Name), .. SharedStage.NeverWell];
        var tenants = new Dictionary<string, InstalledTenant>();
        foreach (var name in names.Append(Switched))
        {
            tenants[name] = await stage.TenantAsync(name, "other");
        }

        await Stage.RulesAsync();
        var took = new List<(string Name, TimeSpan Took)>();
        foreach (var name in names)
        {
            if (Array.Find(Deaths, d => d.Name == name) is { Fault: { } fault })
            {
                Stage.Play(shared[name], fault);
            }

            took.Add((name, await TimeOneAsync(stage, tenants[name], name)));
        }

        took.Add(("an operator's switch", await SwitchAsync(stage, tenants[Switched])));
        Stage.Tell(
            "failover, idle: "
                + string.Join(
                    ", ",
                    took.Select(t =>
                        string.Create(CultureInfo.InvariantCulture, $"{t.Name} {t.Took.TotalMilliseconds:0} ms")
                    )
                )
        );
        Assert.All(took, t => Assert.True(t.Took < Idle, $"{t.Name} took {t.Took}"));
        Assert.Equal(0L, await stage.Ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE state = 'bounced'"));
    }

    [Fact]
    public async Task A_path_that_hangs_is_left_after_two_timeouts()
    {
        var (stage, mute) = (shared.Stage, shared["hangs"]);
        var tenant = await stage.TenantAsync(mute.Name, "other");
        await Stage.RulesAsync();
        Stage.Play(mute, "hang");
        var watch = Stopwatch.StartNew();
        for (var i = 0; ; i++)
        {
            await stage.SendAsync(tenant, 1, $"hang{i}-");
            if (
                await stage.Ledger.ScalarAsync<bool>(
                    "SELECT EXISTS (SELECT FROM deliveries WHERE path = 'other' AND state = 'sent' AND tenant_id = @Id)",
                    new { tenant.Id }
                )
            )
            {
                break;
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "nothing went over the other path");
            await Task.Delay(50);
        }

        Stage.Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"failover, hang with a time-out of {SharedStage.HangTimeout.TotalSeconds:0} s: {watch.Elapsed.TotalSeconds:0.00} s"
            )
        );
        Assert.True(
            watch.Elapsed < (2 * SharedStage.HangTimeout) + TimeSpan.FromSeconds(1),
            $"it took {watch.Elapsed}"
        );
    }

    /// <summary>From an operator's word to the first delivery that obeys it.</summary>
    private static async Task<TimeSpan> SwitchAsync(Stage stage, InstalledTenant tenant)
    {
        var at = DateTimeOffset.UtcNow;
        await stage.Ledger.ExecuteAsync(
            "INSERT INTO path_modes (path, mode, reason) VALUES (@Switched, 'off', 'the test switches it')",
            new { Switched }
        );
        using var enough = new CancellationTokenSource();
        var load = stage.LoadAsync(tenant, 20, "switched-", enough.Token);
        var took = await stage.FirstOverAsync("other", at, tenant.Id);
        await enough.CancelAsync();
        await load;
        return took;
    }

    /// <summary>From the acceptance of one message to its arrival over the other path.</summary>
    private static async Task<TimeSpan> TimeOneAsync(Stage stage, InstalledTenant tenant, string path)
    {
        await stage.SendAsync(tenant, 1, $"{path}-{Guid.NewGuid():N}-");
        await stage.UntilAsync(
            $"SELECT bool_and(state = 'sent' AND path = 'other') FROM deliveries WHERE tenant_id = '{tenant.Id}'",
            $"the one of {path} is sent over the other"
        );
        return await stage.Ledger.ScalarAsync<TimeSpan>(
            "SELECT max(a.ended_at) - min(m.accepted_at) FROM attempts a JOIN messages m USING (tenant_id, message_id) WHERE a.tenant_id = @Id",
            new { tenant.Id }
        );
    }
}
