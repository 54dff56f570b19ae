using System.Security.Cryptography;
using Gateway.Secrets;

namespace Gateway.Subscriptions;

/// <summary>A signing secret: random bytes, shown once as <c>whsec_</c> and base64 (Standard Webhooks 1.0).</summary>
public static class WebhookSecret
{
    /// <summary>Bytes; the specification lets 24 to 64.</summary>
    public const int Length = 32;

    private const string Prefix = "whsec_";

    public static byte[] Generate() => RandomNumberGenerator.GetBytes(Length);

    public static string ToText(ReadOnlySpan<byte> secret) => Prefix + Convert.ToBase64String(secret);

    /// <summary>The HMAC key: what stands after the prefix, decoded.</summary>
    /// <exception cref="FormatException">Not such a text.</exception>
    public static byte[] FromText(string text) =>
        text.Length > Prefix.Length && text.StartsWith(Prefix, StringComparison.Ordinal)
            ? Convert.FromBase64String(text[Prefix.Length..])
            : throw new FormatException($"a webhook secret is {Prefix} and base64");

    /// <summary>Where it is kept: it opens only for its own row.</summary>
    public static SecretPlace Place(Guid tenant, Guid subscription) =>
        new(tenant, "subscriptions", subscription.ToString("N"), "signing");
}
