using Gateway.Secrets;

namespace Gateway.Tenants;

/// <summary>Where the private part of a DKIM key is kept: it opens only for its own row.</summary>
public static class DkimSecret
{
    public static SecretPlace Place(Guid tenant, string domain, string selector) =>
        new(tenant, "dkim_keys", $"{domain}/{selector}", "private");
}
