namespace Gateway.Mail.Dns;

/// <summary>What a question came to. That there is nothing is an answer; that nobody could say is none.</summary>
public abstract record DnsAnswer
{
    private DnsAnswer() { }

    /// <summary>The records asked for; of the alias's target where the name is an alias.</summary>
    /// <param name="Owner">The name at the end of the aliases.</param>
    /// <param name="Records">At least one, all of the type asked for.</param>
    /// <param name="Ttl">The least of all records on the way; what is left of it where the answer was kept.</param>
    public sealed record Found(DnsName Owner, IReadOnlyList<DnsRecord> Records, TimeSpan Ttl) : DnsAnswer;

    /// <summary>NXDOMAIN: the name does not exist, nor anything below it (RFC 8020).</summary>
    public sealed record NoSuchName(TimeSpan Ttl) : DnsAnswer;

    /// <summary>NODATA: the name exists and has no record of this type (RFC 2308 §2.2).</summary>
    public sealed record NoData(TimeSpan Ttl) : DnsAnswer;

    /// <summary>The servers were heard, and none could say: SERVFAIL, a refusal, an answer that cannot be read.</summary>
    public sealed record ServerFailure(string Reason) : DnsAnswer;

    /// <summary>No server was heard in time.</summary>
    public sealed record TimedOut : DnsAnswer;

    /// <summary>True where the zone spoke, be it to say that there is nothing.</summary>
    public bool IsKnown => this is Found or NoSuchName or NoData;

    /// <summary>The TXT values, each joined to one text; none where there are none.</summary>
    public IReadOnlyList<string> Texts =>
        this is Found found ? [.. found.Records.Select(r => r.Data).OfType<DnsData.Text>().Select(t => t.Joined)] : [];

    /// <summary>The names that CNAME, NS, PTR or MX records point to.</summary>
    public IReadOnlyList<DnsName> Names =>
        this is Found found
            ?
            [
                .. found
                    .Records.Select(r =>
                        r.Data switch
                        {
                            DnsData.Host host => host.Name,
                            DnsData.Exchange exchange => exchange.Name,
                            _ => null,
                        }
                    )
                    .OfType<DnsName>(),
            ]
            : [];
}

/// <summary>Whether an answer that was kept will do.</summary>
public enum DnsFreshness
{
    Cached,

    /// <summary>Asked now; the answer is kept for others all the same.</summary>
    Fresh,
}

/// <summary>Asks DNS. A verdict is a value: no answer of the network makes it throw.</summary>
public interface IDnsResolver
{
    /// <exception cref="OperationCanceledException">The caller's own.</exception>
    ValueTask<DnsAnswer> ResolveAsync(DnsQuestion question, DnsFreshness freshness, CancellationToken cancel);
}
