using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Suppressions;

/// <summary>An address that one stream of the tenant does not write to.</summary>
/// <param name="Address">As it is compared: lower case, the domain as an A-label.</param>
/// <param name="Stream"><c>transactional</c> or <c>broadcast</c>.</param>
/// <param name="Reason"><c>complaint</c>, <c>unsubscribe</c>, <c>manual</c>, <c>hard_bounce</c> or <c>soft_bounce</c>.</param>
/// <param name="Source"><c>tenant</c>, <c>smtp</c>, <c>dsn</c>, <c>arf</c>, <c>unsubscribe</c>, or <c>provider:PATH</c>.</param>
/// <param name="Detail">What the far side said, or what the tenant wrote.</param>
/// <param name="ExpiresAt">Null: until it is deleted.</param>
/// <param name="DeliveryId">The delivery whose event caused it; null where no mail of ours did.</param>
/// <param name="EventId">That event.</param>
public sealed record SuppressionView(
    Guid Id,
    string Address,
    string Stream,
    string Reason,
    string Source,
    string? Detail,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    Guid? DeliveryId,
    Guid? EventId
)
{
    internal const string Columns =
        "suppression_id, address, stream, reason, source, detail, created_at, expires_at, delivery_id, event_id";

    internal static SuppressionView Of(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            row.GetString(1),
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.TextOrNull(5),
            row.Time(6),
            row.TimeOrNull(7),
            row.IdOrNull(8),
            row.IdOrNull(9)
        );
}

/// <param name="Next">The cursor of the next page; null on the last one.</param>
public sealed record SuppressionPage(IReadOnlyList<SuppressionView> Items, string? Next);

/// <summary>An address that is not to be written to.</summary>
/// <param name="Address">One address, without a name.</param>
/// <param name="Stream">Absent: both.</param>
/// <param name="Reason">Absent: <c>manual</c>.</param>
/// <param name="Detail">Up to 500 characters, for you to read again.</param>
/// <param name="ExpiresAt">Absent: until it is deleted.</param>
public sealed record SuppressionRequest(
    string Address,
    string? Stream,
    string? Reason,
    string? Detail,
    DateTimeOffset? ExpiresAt
);

/// <summary>Up to 10,000 at once; either all of them are taken or none.</summary>
public sealed record SuppressionImport(IReadOnlyList<SuppressionRequest> Suppressions);

/// <summary>What an import came to, in rows of one address and one stream.</summary>
/// <param name="Unchanged">Suppressed already, for a reason at least as strong.</param>
public sealed record ImportedSuppressions(int Lines, int Added, int Changed, int Unchanged);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SuppressionView))]
[JsonSerializable(typeof(SuppressionPage))]
[JsonSerializable(typeof(SuppressionRequest))]
[JsonSerializable(typeof(SuppressionImport))]
[JsonSerializable(typeof(ImportedSuppressions))]
internal sealed partial class SuppressionJson : JsonSerializerContext
{
    public static SuppressionJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
