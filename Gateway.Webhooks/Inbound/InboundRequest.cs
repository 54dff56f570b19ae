using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Providers.Events;

namespace Gateway.Webhooks.Inbound;

/// <summary>A genuine request of a provider, to be written down.</summary>
internal sealed record InboundRequest(Guid Id, string Path, string Provider, EventRequest Request, string? Token)
{
    public static InboundRequest Of(EventPath path, EventRequest request, string? token, DateTimeOffset now) =>
        new(LedgerId.New(now), path.Name, path.Kind, request, token);

    public byte[] BodyHash => SHA256.HashData(Request.Body.Span);

    /// <summary>The token among all of its path; null where there is none.</summary>
    public Guid? TokenKey =>
        Token is null ? null : new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{Path}\0{Token}"))[..16]);

    public string? HeadersJson =>
        Request.Headers.Count == 0
            ? null
            : JsonSerializer.Serialize(Request.Headers).Replace("\\u0000", "\\ufffd", StringComparison.Ordinal);
}

internal enum InboundOutcome
{
    Stored,

    /// <summary>The same request with the same token was stored before.</summary>
    Known,

    /// <summary>The token signed another request: this one is not the provider's.</summary>
    TokenReused,
}
