namespace Gateway.Cohorts;

/// <summary>Who holds a delivery, by the cause of the hold.</summary>
public static class HoldCause
{
    public const string Operator = "operator";
    public const string MassBounce = "mass_bounce";

    /// <summary>A new key sent it from a new network, above what its tenant usually sends.</summary>
    public const string UnusualVolume = "unusual_volume";

    /// <summary>
    /// True where an operator set the hold, or a breaker on the platform's behalf: while the path is in doubt, one
    /// tenant's release would spend what all tenants share. And whoever brought an unusual volume may be a thief.
    /// </summary>
    public static bool IsKeptFrom(Asker asker, string? cause) =>
        asker switch
        {
            Asker.Operator => false,
            Asker.TenantInCharge => cause is Operator or MassBounce,
            _ => cause is Operator or MassBounce or UnusualVolume,
        };
}
