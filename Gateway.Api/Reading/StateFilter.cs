using Gateway.Ledger;

namespace Gateway.Api.Reading;

/// <summary>A choice of delivery states as SQL: what failed is found by its index.</summary>
internal static class StateFilter
{
    /// <summary>A condition on the table <c>d</c>. The states are written out: each is a known word.</summary>
    public static string Of(IReadOnlyList<string> states) =>
        $"{(states.All(DeliveryState.Failed.Contains) ? "d.failed" : "d.state")} IN ('{string.Join("', '", states)}')";
}
