using Gateway.Api.Reading;
using Gateway.Domains;
using Gateway.Tenants;

namespace Gateway.Api.Manage.Domains;

/// <summary>Claims as their tenant sees them.</summary>
internal sealed class DomainPages(
    DomainStore store,
    DomainBook book,
    DomainOptions options,
    IReadOnlyList<PathRecords> paths,
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
        return new DomainPage(
            [.. rows.Where(r => Reaches(caller, r.Domain)).Select(row => View(row, [.. keys[row.Domain]]))],
            rows.Count == limit ? IdCursor.Write(rows[^1].Id) : null
        );
    }

    public async Task<DomainView> ViewAsync(DomainRow row, CancellationToken cancel) =>
        View(row, await KeysAsync(row, cancel));

    public async Task<IReadOnlyList<WantedRecord>> WantedAsync(DomainRow row, CancellationToken cancel) =>
        Wanted(row, await KeysAsync(row, cancel));

    private async Task<IReadOnlyList<DkimRow>> KeysAsync(DomainRow row, CancellationToken cancel) =>
        [.. (await book.KeysOfAsync(row.TenantId, [row.Domain], cancel))[row.Domain]];

    private DomainView View(DomainRow row, IReadOnlyList<DkimRow> keys) => DomainView.Of(row, keys, Wanted(row, keys));

    private IReadOnlyList<WantedRecord> Wanted(DomainRow row, IReadOnlyList<DkimRow> keys) =>
        WantedRecords.Of(row, keys, options, paths, clock.GetUtcNow());
}
