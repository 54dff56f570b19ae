using Gateway.Api.Manage;
using Gateway.Mail.Addresses;
using Gateway.Suppressions;

namespace Gateway.Api.Suppressions;

/// <summary>What a tenant asks to suppress, checked.</summary>
/// <param name="Address">The policy key of the address.</param>
internal sealed record WantedSuppression(
    string Address,
    IReadOnlyList<string> Streams,
    string Reason,
    string? Detail,
    DateTimeOffset? ExpiresAt
)
{
    private const int LongestAddress = 320;
    private const int LongestDetail = 500;
    public const string AcceptedAddress = "one address such as ann@example.net";

    /// <summary>Nobody knows where they will be in ten years.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3_653);

    /// <summary>Null where <paramref name="body"/> holds what is wrong.</summary>
    public static WantedSuppression? Read(BodyFields body, DateTimeOffset now)
    {
        var text = body.Text("address", LongestAddress, required: true);
        var stream = body.OneOf("stream", SuppressionRules.Streams);
        var reason = body.OneOf("reason", SuppressionReason.All);
        var detail = body.Text("detail", LongestDetail);
        var expires = body.Time("expires_at", now, now + Longest);
        if (text is null)
        {
            return null;
        }

        if (!EmailAddress.TryParse(text, out var address, out var error))
        {
            body.Refuse("address", text, $"{AcceptedAddress}: {error.Message}", error.Code);
            return null;
        }

        return new WantedSuppression(
            address.Key,
            stream is null ? SuppressionRules.Streams : [stream],
            reason ?? SuppressionReason.Manual,
            detail,
            expires
        );
    }
}
