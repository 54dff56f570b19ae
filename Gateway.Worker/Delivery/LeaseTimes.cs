namespace Gateway.Worker.Delivery;

/// <summary>
/// How long a claim holds, and what follows from it: a lease is renewed three times in its length and looked for six
/// times; after the database was away nobody is judged for one length, so that workers record and renew first (D6).
/// </summary>
public sealed record LeaseTimes(TimeSpan Length)
{
    public static readonly LeaseTimes Default = new(TimeSpan.FromSeconds(60));

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public TimeSpan RenewEach => Length / 3;

    public TimeSpan SweepEach => Length / 6;

    public TimeSpan QuietAfterReturn => Length;

    /// <summary><c>Gateway:Lease</c>, 60 s unless configured.</summary>
    public static LeaseTimes Read(IConfiguration configuration)
    {
        var length = configuration.GetValue("Gateway:Lease", Default.Length);
        return length >= Shortest && length <= Longest
            ? new LeaseTimes(length)
            : throw new InvalidOperationException(
                $"Gateway:Lease is {length}; it must be {Shortest} to {Longest}, the same for all workers"
            );
    }
}
