using Gateway.Domains;
using Gateway.Mail.Dns;

namespace Gateway.Worker.Signing;

/// <summary>What the world finds at <c>selector._domainkey.domain</c>: the signer trusts it before it signs (D14).</summary>
public interface IPublishedKeys
{
    ValueTask<PublishedKey> FindAsync(
        string selector,
        string domain,
        string declared,
        DnsFreshness freshness,
        CancellationToken cancel
    );
}

/// <summary>One look at a selector.</summary>
/// <param name="Known">False where nobody could say.</param>
/// <param name="Record">The record, where there is exactly one.</param>
/// <param name="Ttl">How long receivers may keep it.</param>
/// <param name="Reason">Why there is no record, for people.</param>
public sealed record PublishedKey(bool Known, string? Record, TimeSpan Ttl, string? Reason);

/// <summary>
/// Asks DNS, and keeps what it hears for an hour at most. In development names that have no DNS are taken as declared.
/// </summary>
public sealed class ResolvedKeys(IDnsResolver dns, DomainOptions options) : IPublishedKeys
{
    public async ValueTask<PublishedKey> FindAsync(
        string selector,
        string domain,
        string declared,
        DnsFreshness freshness,
        CancellationToken cancel
    )
    {
        if (options.IsTrusted(domain))
        {
            return new PublishedKey(true, declared, TimeSpan.Zero, null);
        }

        var text = $"{selector}._domainkey.{domain}";
        if (!DnsName.TryParse(text, out var name))
        {
            return new PublishedKey(true, null, TimeSpan.Zero, $"{text} is too long to be a name of DNS");
        }

        return await dns.ResolveAsync(new(name, DnsType.Txt), freshness, cancel) switch
        {
            // RFC 6376 §3.6.2.2: what several records mean is undefined, so receivers differ.
            DnsAnswer.Found { Records.Count: > 1 } found => new(
                true,
                null,
                found.Ttl,
                $"{text} has {found.Records.Count} TXT records; it must have one"
            ),
            DnsAnswer.Found found => new(true, found.Texts.FirstOrDefault(), found.Ttl, null),
            { IsKnown: true } => new(true, null, TimeSpan.Zero, $"{text} has no TXT record"),
            DnsAnswer.ServerFailure failure => new(false, null, TimeSpan.Zero, $"{text}: {failure.Reason}"),
            _ => new(false, null, TimeSpan.Zero, $"{text}: no answer in time"),
        };
    }
}
