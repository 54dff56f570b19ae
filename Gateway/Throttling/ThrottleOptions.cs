using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Gateway.Throttling;

/// <summary>How limits are held.</summary>
public sealed record ThrottleOptions
{
    /// <summary>Replicas of this host: without Redis each has this part of a limit.</summary>
    public int Replicas { get; init; } = 2;

    /// <summary>No request waits longer for Redis.</summary>
    public TimeSpan RedisTimeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>From <c>Gateway:Throttling</c>: <c>Replicas</c> (at least 1) and <c>RedisTimeout</c> (above zero).</summary>
    /// <exception cref="InvalidOperationException">A value that cannot be used.</exception>
    public static ThrottleOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway:Throttling");
        var options = new ThrottleOptions();
        if (section["Replicas"] is { } count)
        {
            options =
                int.TryParse(count, out var replicas) && replicas > 0
                    ? options with
                    {
                        Replicas = replicas,
                    }
                    : throw new InvalidOperationException(
                        $"{section.Path}:Replicas is '{count}'; it must be a number of at least 1"
                    );
        }

        if (section["RedisTimeout"] is { } time)
        {
            options =
                TimeSpan.TryParse(time, CultureInfo.InvariantCulture, out var timeout) && timeout > TimeSpan.Zero
                    ? options with
                    {
                        RedisTimeout = timeout,
                    }
                    : throw new InvalidOperationException(
                        $"{section.Path}:RedisTimeout is '{time}'; it must be a time above zero, such as 00:00:00.1"
                    );
        }

        return options;
    }
}
