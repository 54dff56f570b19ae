using Gateway.Mail.Dns;

namespace Gateway.Domains;

/// <summary>Looks a claim up in DNS and writes what it came to. No transaction is open while on the network.</summary>
public sealed class DomainChecks(DomainStore store, IDnsResolver dns, PublicSuffixList suffixes, TimeProvider clock)
{
    /// <summary>False where claims are checked by a few plain rules.</summary>
    public bool HasSuffixList => suffixes.Count > 0;

    /// <summary>The claim after the look; as it was where the operator vouches for it, null where it is gone.</summary>
    public async Task<DomainRow?> CheckAsync(DomainRow row, CancellationToken cancel)
    {
        if (row.ChallengeText is not { } wanted || row.State == DomainState.Removed)
        {
            return row;
        }

        var (finding, problem) = await LookAsync(row, wanted, cancel);
        if (finding == DomainFinding.Proven && !row.State.Owns() && await WhyNotAsync(row, cancel) is { } refused)
        {
            (finding, problem) = (DomainFinding.NotGranted, refused);
        }

        var now = clock.GetUtcNow();
        if (!await store.WriteAsync(row, DomainLife.After(row.Standing, finding, now), problem, now))
        {
            // Whoever sold the domain cannot prove it any more; we need not wait a day to notice.
            await store.RecheckOwnerAsync(row.Domain, cancel);
            await store.WriteAsync(row, DomainLife.After(row.Standing, DomainFinding.NotGranted, now), Owned(row), now);
        }

        return await store.FindAsync(row.TenantId, row.Id, cancel);
    }

    private async Task<(DomainFinding, DomainProblem?)> LookAsync(
        DomainRow row,
        string wanted,
        CancellationToken cancel
    )
    {
        var name = Challenge.RecordName(row.Domain);
        if (!DnsName.TryParse(name, out var asked))
        {
            return (DomainFinding.Missing, new("record_missing", $"{name} is too long to be a name of DNS"));
        }

        var answer = await dns.ResolveAsync(new(asked, DnsType.Txt), DnsFreshness.Fresh, cancel);
        return answer switch
        {
            { IsKnown: false } => (DomainFinding.Unknown, Unavailable(name, answer)),
            _ when Challenge.IsAmong(answer.Texts, wanted) => (DomainFinding.Proven, null),
            DnsAnswer.Found => (
                DomainFinding.Missing,
                new("record_different", $"{name} has TXT records, and none of them is '{wanted}'")
            ),
            _ => (DomainFinding.Missing, new("record_missing", $"{name} has no TXT record; publish '{wanted}'")),
        };
    }

    /// <summary>A name below another tenant's domain needs that tenant's word: whoever writes its zone is not always it.</summary>
    private async Task<DomainProblem?> WhyNotAsync(DomainRow row, CancellationToken cancel)
    {
        foreach (var parent in ClaimedName.Ancestors(row.Domain, suffixes))
        {
            if (
                await store.FindOwnerAsync(parent, cancel) is { } owner
                && owner != row.TenantId
                && !await store.IsApprovedAsync(row, owner, cancel)
            )
            {
                return new(
                    "parent_approval_needed",
                    $"{parent} belongs to another account here; its owner must approve claim {row.Id}"
                );
            }
        }

        return null;
    }

    private static DomainProblem Owned(DomainRow row) =>
        new("owned_by_another", $"{row.Domain} belongs to another account here as long as that account can prove it");

    private static DomainProblem Unavailable(string name, DnsAnswer answer) =>
        new(
            "dns_unavailable",
            answer is DnsAnswer.ServerFailure failure ? $"{name}: {failure.Reason}" : $"{name}: no answer in time"
        );
}
