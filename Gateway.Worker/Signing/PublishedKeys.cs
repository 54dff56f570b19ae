namespace Gateway.Worker.Signing;

/// <summary>
/// What the world finds at <c>selector._domainkey.domain</c>: the signer trusts it before it signs (D14). The seam
/// where a resolver stands in; null where there is no record.
/// </summary>
public interface IPublishedKeys
{
    ValueTask<string?> FindAsync(string selector, string domain, string declared, CancellationToken cancel);
}

/// <summary>Takes the tenant's word: where no resolver is configured, as in development, the record is as declared.</summary>
public sealed class DeclaredKeys : IPublishedKeys
{
    public ValueTask<string?> FindAsync(string selector, string domain, string declared, CancellationToken cancel) =>
        new(declared);
}
