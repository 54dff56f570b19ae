using Gateway.Cohorts;
using Gateway.Tenants;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>
/// Who lets go what was held as an unusual volume. Whoever brought it may be a thief with a key that he made himself, so
/// beside the operator only a key that manages and was in use before.
/// </summary>
internal static class VolumeRelease
{
    public static Asker AskerOf(Caller caller, DateTimeOffset now) =>
        caller.May(Scope.Manage) && !Newcomer.IsNew(caller, now) ? Asker.TenantInCharge : Asker.Tenant;
}
