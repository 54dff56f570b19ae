using System.Security.Cryptography;
using Gateway.Secrets;
using Gateway.Subscriptions;

namespace Gateway.Webhooks.Outbound;

/// <summary>A subscription as its tenant wants it. Immutable; a change brings a new one.</summary>
/// <param name="Secrets">The newest first, each with its end.</param>
/// <param name="StoppedAt">Since when it is paused or disabled.</param>
internal sealed record SubscriptionConfig(
    Guid Id,
    Guid Tenant,
    Uri Url,
    string State,
    DateTimeOffset? StoppedAt,
    long Version,
    IReadOnlyList<(byte[] Secret, DateTimeOffset Until)> Secrets
)
{
    public const string Active = "active";

    public bool IsActive => State == Active;

    public IReadOnlyList<byte[]> SecretsAt(DateTimeOffset now) =>
        [.. Secrets.Where(s => s.Until > now).Select(s => s.Secret)];

    /// <exception cref="CryptographicException">A secret was sealed for another row, or by another key.</exception>
    public static IReadOnlyList<(byte[], DateTimeOffset)> Open(
        MasterKey master,
        Guid tenant,
        Guid id,
        byte[] current,
        IEnumerable<(byte[] Sealed, DateTimeOffset Until)> former
    )
    {
        var place = WebhookSecret.Place(tenant, id);
        return
        [
            (master.Open(current, place), DateTimeOffset.MaxValue),
            .. former.OrderByDescending(f => f.Until).Select(f => (master.Open(f.Sealed, place), f.Until)),
        ];
    }
}
