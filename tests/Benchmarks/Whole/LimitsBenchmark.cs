using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Running;

namespace Gateway.Benchmarks.Whole;

/// <summary>
/// What limits cost acceptance over HTTP: every scope, second to day, 20 recipient domains and the month, beside tenants
/// without any, in turns. One tenant's messages share their charges, those of fifty do not.
/// </summary>
internal static class LimitsBenchmark
{
    private const int Rounds = 3;
    private const int Connections = 64;

    public static async Task RunAsync()
    {
        var length = BenchTime.Of(TimeSpan.FromSeconds(8));
        await using var system = await RunningSystem.StartAsync();
        await using var api = await system.StartApiAsync();
        foreach (var count in (int[])[1, 50])
        {
            var (free, limited) = (await TenantsAsync(system, count, false), await TenantsAsync(system, count, true));
            await OnceAsync("warm-up (not counted)", api, free, TimeSpan.FromSeconds(3));
            await OnceAsync("warm-up (not counted)", api, limited, TimeSpan.FromSeconds(3));
            var kept = new List<double>();
            for (var round = 0; round < Rounds; round++)
            {
                var without = await OnceAsync($"{count} tenants without limits", api, free, length);
                kept.Add(await OnceAsync($"{count} tenants with all limits", api, limited, length) / without);
            }

            kept.Sort();
            Console.WriteLine(
                $"{count} tenants keep {kept[Rounds / 2]:P1} (lowest {kept[0]:P1}, highest {kept[^1]:P1})"
            );
        }
    }

    private static async Task<BenchTenant[]> TenantsAsync(RunningSystem system, int count, bool limited)
    {
        var tenants = new BenchTenant[count];
        for (var i = 0; i < count; i++)
        {
            tenants[i] = await BenchTenant.CreateAsync(system);
            if (limited)
            {
                await LimitAsync(system, tenants[i]);
            }
        }

        return tenants;
    }

    /// <summary>Far above what is sent: each is counted, none refuses.</summary>
    private static Task LimitAsync(RunningSystem system, BenchTenant tenant) =>
        system.ExecuteAsync(
            """
            INSERT INTO plans (plan, weight, month_quota) VALUES ('bench', 4, 1000000000) ON CONFLICT DO NOTHING;
            UPDATE tenants SET plan = 'bench' WHERE tenant_id = @Id;
            INSERT INTO limits (limit_id, tenant_id, scope, subject, unit, window_seconds, cap, over)
            SELECT gen_random_uuid(), @Id, l.scope, l.subject, l.unit, l.seconds, 1000000000, l.over FROM (VALUES
                ('tenant', '', 'recipients', 1, 'refuse'), ('tenant', '', 'messages', 86400, 'wait'),
                ('key', '', 'messages', 60, 'refuse'), ('domain', '', 'messages', 3600, 'refuse'),
                ('stream', '', 'messages', 60, 'wait'), ('recipient_domain', 'example.net', 'messages', 60, 'wait')
            ) AS l (scope, subject, unit, seconds, over)
            UNION ALL
            SELECT gen_random_uuid(), @Id, 'recipient_domain', 'r' || i || '.example', 'messages', 60, 1000000000, 'wait'
            FROM generate_series(1, 19) i
            """,
            new { tenant.Id }
        );

    private static async Task<double> OnceAsync(string what, RunningHost api, BenchTenant[] tenants, TimeSpan length)
    {
        var loads = tenants
            .Select(t => new HttpLoad(api.Address, t)
            {
                Connections = Math.Max(1, Connections / tenants.Length),
                IsIdempotent = false,
            })
            .ToArray();
        var meter = new Meter();
        var took = await Task.WhenAll(loads.Select(l => l.RunAsync(() => meter.Elapsed < length)));
        return meter.Show(what, loads.Sum(l => l.Accepted), [.. took.SelectMany(t => t)]);
    }
}
