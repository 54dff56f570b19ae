using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Api.Operator.Drills;
using Gateway.Api.Operator.Holds;
using Gateway.Api.Operator.Paths;
using Gateway.Api.Resends;

namespace Gateway.Api.Operator;

/// <summary>What the operator's door answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ActionView))]
[JsonSerializable(typeof(TenantPage))]
[JsonSerializable(typeof(TenantDetail))]
[JsonSerializable(typeof(LimitPage))]
[JsonSerializable(typeof(PlanPage))]
[JsonSerializable(typeof(RecipientPage))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(PathPage))]
[JsonSerializable(typeof(PathView))]
[JsonSerializable(typeof(PathEventPage))]
[JsonSerializable(typeof(RoutePage))]
[JsonSerializable(typeof(ExplainView))]
[JsonSerializable(typeof(CohortView))]
[JsonSerializable(typeof(CohortPage))]
[JsonSerializable(typeof(CohortDeliveryPage))]
[JsonSerializable(typeof(HoldPage))]
[JsonSerializable(typeof(DrillReport))]
internal sealed partial class OperatorJson : JsonSerializerContext
{
    public static OperatorJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
