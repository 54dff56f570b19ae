namespace Gateway.Cohorts;

/// <summary>Who holds a delivery, by the cause of the hold.</summary>
public static class HoldCause
{
    public const string Operator = "operator";
    public const string MassBounce = "mass_bounce";

    /// <summary>
    /// True where an operator set the hold, or a breaker on the platform's behalf: while the path is in doubt, one
    /// tenant's release would spend what all tenants share.
    /// </summary>
    public static bool IsThePlatforms(string? cause) => cause is Operator or MassBounce;
}
