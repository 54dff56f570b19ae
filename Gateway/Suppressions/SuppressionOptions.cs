namespace Gateway.Suppressions;

/// <summary>When an address is given up and for how long, from <c>Gateway:Suppressions</c>.</summary>
public sealed class SuppressionOptions
{
    /// <summary>Addresses come back to life; a bounce that is older than this is tried once more.</summary>
    public TimeSpan HardBounceFor { get; set; } = TimeSpan.FromDays(180);

    public TimeSpan SoftBounceFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Mail in a row that never got through and ended: so many, over <see cref="SoftBounceOver"/> or longer.</summary>
    public int SoftBounces { get; set; } = 3;

    /// <summary>A full mailbox is emptied within days: a bad weekend is no reason.</summary>
    public TimeSpan SoftBounceOver { get; set; } = TimeSpan.FromDays(7);

    public IEnumerable<string> Problems()
    {
        foreach (
            var (name, value) in new[]
            {
                (nameof(HardBounceFor), HardBounceFor),
                (nameof(SoftBounceFor), SoftBounceFor),
            }
        )
        {
            if (value <= TimeSpan.Zero)
            {
                yield return $"Gateway:Suppressions:{name} is {value}; it must be longer than zero, such as 180.00:00:00";
            }
        }

        if (SoftBounces < 1)
        {
            yield return $"Gateway:Suppressions:SoftBounces is {SoftBounces}; it must be 1 or more";
        }

        if (SoftBounceOver < TimeSpan.Zero)
        {
            yield return $"Gateway:Suppressions:SoftBounceOver is {SoftBounceOver}; it must not be negative";
        }
    }
}
