namespace Gateway.Routing;

/// <summary>Which mail goes over which paths. What is null matches everything.</summary>
public sealed record RouteRule(string Id, IReadOnlyList<RouteTier> Tiers)
{
    public Guid? Tenant { get; init; }
    public string? Stream { get; init; }

    /// <summary>The domain of From; a leading <c>*.</c> means its subdomains, and not itself.</summary>
    public string? FromDomain { get; init; }

    /// <summary>The whole address of From, as policy compares it.</summary>
    public string? FromAddress { get; init; }
    public string? RecipientDomain { get; init; }
    public string? Tag { get; init; }

    public bool Matches(RouteQuery query) =>
        (Tenant is null || Tenant == query.Tenant)
        && (Stream is null || Stream == query.Stream)
        && (FromDomain is null || IsOf(FromDomain, query.FromDomain))
        && (FromAddress is null || FromAddress.Equals(query.FromAddress, StringComparison.OrdinalIgnoreCase))
        && (RecipientDomain is null || IsOf(RecipientDomain, query.RecipientDomain))
        && (Tag is null || query.Tags.Contains(Tag));

    private static bool IsOf(string pattern, string domain) =>
        pattern.StartsWith("*.", StringComparison.Ordinal)
            ? domain.Length > pattern.Length - 1 && domain.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
            : domain.Equals(pattern, StringComparison.OrdinalIgnoreCase);
}
