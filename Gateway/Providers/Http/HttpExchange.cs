namespace Gateway.Providers.Http;

/// <summary>How far a request came.</summary>
internal enum HttpPhase
{
    /// <summary>Name, TCP, TLS: nothing of the mail left.</summary>
    Connect,

    /// <summary>The request was not written to its end: the provider has no whole mail.</summary>
    Request,

    /// <summary>All was written; the answer is missing, or here.</summary>
    Answer,
}

/// <summary>What one request came to.</summary>
internal abstract record HttpExchange;

/// <summary>An answer, as much of it as is read.</summary>
/// <param name="Headers">Names without regard to case; repeated fields joined by a comma.</param>
/// <param name="Body">At most <see cref="AccountClient.MaxBody"/> bytes, as UTF-8.</param>
internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body) : HttpExchange
{
    /// <summary>The body ended before its end: cut at our limit, or by the network.</summary>
    public bool IsCut { get; init; }
}

/// <summary>No answer.</summary>
/// <param name="MayHaveBeenTaken">The last byte of the request was handed to the network.</param>
/// <param name="IsOurs">We gave up ourselves: nothing is known against the path.</param>
/// <param name="Detail">One sentence for people; it names hosts and errors, never a secret.</param>
internal sealed record HttpFailure(HttpPhase Phase, bool MayHaveBeenTaken, bool IsOurs, string Detail) : HttpExchange;
