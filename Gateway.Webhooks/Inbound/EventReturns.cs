using System.Diagnostics.Metrics;
using Gateway.Database;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <param name="Sent">Deliveries of a sample that were handed over on the path long enough ago.</param>
/// <param name="Answered">Those of them that the provider said an end of.</param>
internal sealed record EventReturn(string Path, long Sent, long Answered)
{
    public double Ratio => Sent == 0 ? 1 : (double)Answered / Sent;
}

/// <summary>
/// How many of the deliveries that a path took come back with an end: counted over a sample, since a path that is never
/// told of looks well in every other way (S1).
/// </summary>
internal sealed class EventReturns([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger, TimeProvider clock)
{
    /// <summary>Nearly every mail has its end by then; the few that are deferred longer do not matter to a ratio.</summary>
    public static readonly TimeSpan NormalDelay = TimeSpan.FromMinutes(15);

    /// <summary>How far back the sample goes.</summary>
    private static readonly TimeSpan Span = TimeSpan.FromMinutes(60);

    /// <summary>Attempts that are looked at in each of <see cref="Places"/> places of the span.</summary>
    private const int AtEachPlace = 500;
    private const int Places = 6;

    // By the ids, which are times: a few hundred neighbours at each place, whatever was sent meanwhile.
    private const string Sample = """
        SELECT s.path, count(*), count(*) FILTER (WHERE s.state <> 'sent')
        FROM (SELECT DISTINCT a.delivery_id, a.path, d.state
            FROM unnest($1::uuid[]) AS p (place)
            CROSS JOIN LATERAL (SELECT x.* FROM attempts x
                WHERE x.message_id >= p.place AND x.message_id < $2 AND x.delivery_id >= p.place
                ORDER BY x.delivery_id LIMIT $3) a
            CROSS JOIN LATERAL (SELECT state, attempts FROM deliveries x WHERE x.tenant_id = a.tenant_id
                AND x.message_id = a.message_id AND x.delivery_id = a.delivery_id LIMIT 1) d
            WHERE a.outcome = 'Accepted' AND a.number = d.attempts) s
        GROUP BY s.path
        """;

    private IReadOnlyList<EventReturn> last = [];

    public IReadOnlyList<EventReturn> Last => Volatile.Read(ref last);

    public async Task<IReadOnlyList<EventReturn>> CountAsync(CancellationToken cancel)
    {
        var until = clock.GetUtcNow() - NormalDelay;
        var places = Enumerable
            .Range(0, Places)
            .Select(i => LedgerId.FirstOf(until - Span + (Span / Places * i)))
            .ToArray();
        await using var command = ledger.CreateCommand(Sample);
        command.Parameters.AddWithValue(places);
        command.Parameters.AddWithValue(LedgerId.FirstOf(until));
        command.Parameters.AddWithValue(AtEachPlace);
        var counted = new List<EventReturn>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            counted.Add(new EventReturn(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        Volatile.Write(ref last, counted);
        return counted;
    }

    /// <summary>For the gauge: only paths that tell events.</summary>
    public IEnumerable<Measurement<double>> Measure(EventPaths paths) =>
        Last.Where(r => r.Sent > 0 && paths.Named(r.Path) is not null)
            .Select(r => new Measurement<double>(r.Ratio, new KeyValuePair<string, object?>("path", r.Path)));
}
