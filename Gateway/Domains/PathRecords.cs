using Microsoft.Extensions.Configuration;

namespace Gateway.Domains;

/// <summary>
/// What an egress path needs in a tenant's DNS: asked for at onboarding for every configured path, so that a change of
/// paths never needs a change of DNS. Read from <c>Gateway:Paths:&lt;name&gt;:Dns</c>.
/// </summary>
/// <param name="Path">The path's name.</param>
/// <param name="SpfInclude">A name to include in SPF, or null.</param>
/// <param name="Records">Others; <c>{domain}</c> in name and value stands for the tenant's domain.</param>
public sealed record PathRecords(string Path, string? SpfInclude, IReadOnlyList<PathRecord> Records)
{
    public static IReadOnlyList<PathRecords> Read(IConfiguration configuration) =>
        [
            .. configuration
                .GetSection("Gateway:Paths")
                .GetChildren()
                .Select(path => new PathRecords(
                    path.Key,
                    path["Dns:SpfInclude"],
                    [.. path.GetSection("Dns:Records").GetChildren().Select(r => Read(path.Key, r))]
                )),
        ];

    private static PathRecord Read(string path, IConfigurationSection section) =>
        section["Type"] is "TXT" or "CNAME" && section["Name"] is { } name && section["Value"] is { } value
            ? new PathRecord(section["Type"]!, name, value)
            : throw new InvalidOperationException(
                $"{section.Path} of path {path} needs Type (TXT or CNAME), Name and Value"
            );
}

/// <summary>One record that a path needs.</summary>
public sealed record PathRecord(string Type, string Name, string Value);
