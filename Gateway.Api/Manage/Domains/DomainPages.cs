using Gateway.Api.Reading;
using Gateway.Domains;
using Gateway.Tenants;

namespace Gateway.Api.Manage.Domains;

/// <summary>Claims as their tenant sees them.</summary>
internal sealed class DomainPages(
    DomainStore store,
    DomainBook book,
    DomainOptions options,
    IReadOnlyList<PathRecords> configured,
    TimeProvider clock
)
{
    /// <summary>A key that is narrowed to domains reaches no others, here as when it sends.</summary>
    public static bool Reaches(Caller caller, string domain) =>
        caller.Domains.Count == 0 || caller.Domains.Contains(domain);

    public async Task<DomainRow?> FindAsync(Caller caller, string id, CancellationToken cancel) =>
        LedgerIds.TryParse(id, out var known)
        && await store.FindAsync(caller.Tenant.Id, known, cancel) is { } row
        && Reaches(caller, row.Domain)
            ? row
            : null;

    public async Task<DomainPage> ListAsync(Caller caller, Guid below, int limit, CancellationToken cancel)
    {
        var rows = await book.ListAsync(caller.Tenant.Id, below, limit, cancel);
        var keys = await book.KeysOfAsync(caller.Tenant.Id, [.. rows.Select(r => r.Domain)], cancel);
        var paths = await PathsAsync(caller.Tenant.Id, cancel);
        return new DomainPage(
            [.. rows.Where(r => Reaches(caller, r.Domain)).Select(row => View(row, [.. keys[row.Domain]], paths))],
            rows.Count == limit ? IdCursor.Write(rows[^1].Id) : null
        );
    }

    public async Task<DomainView> ViewAsync(DomainRow row, CancellationToken cancel) =>
        View(row, await KeysAsync(row, cancel), await PathsAsync(row.TenantId, cancel));

    public async Task<IReadOnlyList<WantedRecord>> WantedAsync(DomainRow row, CancellationToken cancel) =>
        Wanted(row, await KeysAsync(row, cancel), await PathsAsync(row.TenantId, cancel));

    private async Task<IReadOnlyList<DkimRow>> KeysAsync(DomainRow row, CancellationToken cancel) =>
        [.. (await book.KeysOfAsync(row.TenantId, [row.Domain], cancel))[row.Domain]];

    private async Task<IReadOnlyList<PathRecords>> PathsAsync(Guid tenant, CancellationToken cancel) =>
        [.. configured, .. await store.PathRecordsAsync(tenant, cancel)];

    private DomainView View(DomainRow row, IReadOnlyList<DkimRow> keys, IReadOnlyList<PathRecords> paths) =>
        DomainView.Of(row, keys, Wanted(row, keys, paths));

    private IReadOnlyList<WantedRecord> Wanted(
        DomainRow row,
        IReadOnlyList<DkimRow> keys,
        IReadOnlyList<PathRecords> paths
    ) => WantedRecords.Of(row, keys, options, paths, clock.GetUtcNow());
}
