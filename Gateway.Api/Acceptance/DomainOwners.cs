using System.Collections.Concurrent;
using Dapper;
using Gateway.Database;
using Gateway.Domains;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Acceptance;

/// <summary>
/// Whether a name that a tenant tried to send under is another tenant's, or above or below one that is. Who tried is
/// written down, with both tenants.
/// </summary>
public sealed class DomainOwners(
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    PublicSuffixList suffixes,
    TimeProvider clock,
    ILogger<DomainOwners> log
)
{
    /// <summary>A program that errs asks the same again and again: it costs one look-up and one line a minute.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    private const int MostKept = 10_000;

    private readonly ConcurrentDictionary<(Guid, string), (long At, bool IsOfAnother)> known = new();

    /// <summary>Null where nobody can say now.</summary>
    public async ValueTask<bool?> IsOfAnotherAsync(Caller caller, string domain)
    {
        var key = (caller.Tenant.Id, domain);
        if (known.TryGetValue(key, out var kept) && clock.GetElapsedTime(kept.At) < KeepFor)
        {
            return kept.IsOfAnother;
        }

        try
        {
            var at = clock.GetTimestamp();
            var isOfAnother = await LookAsync(caller, domain);
            if (known.Count >= MostKept)
            {
                known.Clear();
            }

            known[key] = (at, isOfAnother);
            return isOfAnother;
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            log.LogWarning("the owner of a domain could not be looked up: {Problem}", problem.Message);
            return null;
        }
    }

    private async Task<bool> LookAsync(Caller caller, string domain)
    {
        var tenant = caller.Tenant.Id;
        await using var connection = await ledger.OpenConnectionAsync();
        foreach (var name in ClaimedName.Ancestors(domain, suffixes).Prepend(domain))
        {
            var owner = await connection.QuerySingleOrDefaultAsync<Guid?>(
                "SELECT tenant_id FROM find_domain_owner(@name)",
                new { name }
            );
            if (owner is { } other && other != tenant)
            {
                await WriteDownAsync(connection, caller, domain, name, other);
                return true;
            }
        }

        // Above a name that another owns, where it is one registration; a public suffix is above everybody.
        if (suffixes.IsPublicSuffix(domain))
        {
            return false;
        }

        var below = await connection.QuerySingleOrDefaultAsync<(Guid Owner, string Domain)?>(
            "SELECT tenant_id, domain FROM find_owner_below(@domain, @tenant)",
            new { domain, tenant }
        );
        if (below is { } found)
        {
            await WriteDownAsync(connection, caller, domain, found.Domain, found.Owner);
        }

        return below is not null;
    }

    private Task WriteDownAsync(NpgsqlConnection connection, Caller caller, string domain, string owned, Guid owner) =>
        connection.ExecuteAsync(
            "SELECT note_foreign_sender(@id, @tenant, @KeyId, @domain, @owner, @owned)",
            new
            {
                id = LedgerId.New(clock.GetUtcNow()),
                tenant = caller.Tenant.Id,
                caller.KeyId,
                domain,
                owner,
                owned,
            }
        );
}
