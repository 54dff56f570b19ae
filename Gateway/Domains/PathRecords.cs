using System.Text;
using Microsoft.Extensions.Configuration;

namespace Gateway.Domains;

/// <summary>
/// What an egress path needs in a tenant's DNS: asked for at onboarding for every path that there is, so that a change of
/// paths never needs a change of DNS. Stands in the path's settings as <c>Dns:SpfInclude</c> and <c>Dns:Records</c>.
/// </summary>
/// <param name="Path">The path's name.</param>
/// <param name="SpfInclude">A name to include in SPF, or null.</param>
/// <param name="Records">Others; <c>{domain}</c> in name and value stands for the tenant's domain.</param>
public sealed record PathRecords(string Path, string? SpfInclude, IReadOnlyList<PathRecord> Records)
{
    /// <summary>Those of <c>Gateway:Paths</c>.</summary>
    /// <exception cref="InvalidOperationException">A record is not whole.</exception>
    public static IReadOnlyList<PathRecords> Read(IConfiguration configuration) =>
        [
            .. configuration
                .GetSection("Gateway:Paths")
                .GetChildren()
                .Select(path => Read(path.Key, path, p => throw new InvalidOperationException($"{path.Path}:{p}"))),
        ];

    /// <summary>Those of one path's settings.</summary>
    /// <param name="problem">Told what is wrong; such a record is left out.</param>
    public static PathRecords Read(string path, IConfiguration settings, Action<string> problem)
    {
        var records = new List<PathRecord>();
        foreach (var section in settings.GetSection("Dns:Records").GetChildren())
        {
            if (section["Type"] is "TXT" or "CNAME" && section["Name"] is { } name && section["Value"] is { } value)
            {
                records.Add(new PathRecord(section["Type"]!, name, value));
            }
            else
            {
                problem($"Dns:Records:{section.Key} needs Type (TXT or CNAME), Name and Value");
            }
        }

        return new PathRecords(path, settings["Dns:SpfInclude"], records);
    }

    /// <summary>Those of a stored path: its settings as JSON. They were found whole when they were stored.</summary>
    public static PathRecords Read(string path, string settings)
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(settings));
        return Read(path, new ConfigurationBuilder().AddJsonStream(json).Build(), _ => { });
    }
}

/// <summary>One record that a path needs.</summary>
public sealed record PathRecord(string Type, string Name, string Value);
