using System.Globalization;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>What is an unusual volume of a new key from a new network, from <c>Gateway:Volume</c>.</summary>
public sealed record VolumeOptions
{
    /// <summary>Recipients in an hour that are never unusual, whatever the tenant sent before. 0: nothing ever is unusual.</summary>
    public long Floor { get; init; } = 100;

    /// <summary>Times the tenant's busiest hour of the last 14 days.</summary>
    public long Factor { get; init; } = 10;

    public bool IsOn => Floor > 0;

    /// <summary>Recipients in an hour above which the mail is held.</summary>
    public long MostOf(long busiestHour) =>
        Math.Max(Floor, busiestHour > long.MaxValue / Factor ? 0 : busiestHour * Factor);

    /// <exception cref="InvalidOperationException">A value that cannot be used.</exception>
    public static VolumeOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway:Volume");
        var options = new VolumeOptions();
        return new VolumeOptions
        {
            Floor = Number(section, nameof(Floor), options.Floor, least: 0),
            Factor = Number(section, nameof(Factor), options.Factor, least: 1),
        };
    }

    private static long Number(IConfigurationSection section, string name, long otherwise, long least) =>
        section[name] is not { } text ? otherwise
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
        : throw new InvalidOperationException(
            $"{section.Path}:{name} is '{text}'; it must be a number of at least {least}"
        );
}
