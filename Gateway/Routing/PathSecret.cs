using Gateway.Secrets;

namespace Gateway.Routing;

/// <summary>Where the sealed credentials of a path stand: opened for another path or tenant, they are noise.</summary>
public static class PathSecret
{
    public static SecretPlace Place(Guid? tenant, string path) => new(tenant ?? Guid.Empty, "paths", path, "secret");
}
