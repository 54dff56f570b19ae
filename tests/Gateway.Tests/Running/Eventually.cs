namespace Gateway.Tests.Running;

/// <summary>Waits for what must come, and says what did not.</summary>
internal static class Eventually
{
    /// <summary>Long, since a loaded machine is slow and a test that passes does not wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task TrueAsync(Func<Task<bool>> holds, string expected, TimeSpan? within = null)
    {
        var until = DateTime.UtcNow + (within ?? Patience);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < until, $"not within {within ?? Patience}: {expected}");
            await Task.Delay(TimeSpan.FromMilliseconds(25));
        }
    }

    public static async Task EqualAsync<T>(T expected, Func<Task<T>> read, string what, TimeSpan? within = null)
    {
        var until = DateTime.UtcNow + (within ?? Patience);
        T value;
        while (!EqualityComparer<T>.Default.Equals(value = await read(), expected))
        {
            Assert.True(
                DateTime.UtcNow < until,
                $"{what}: expected {expected}, still {value} after {within ?? Patience}"
            );
            await Task.Delay(TimeSpan.FromMilliseconds(25));
        }
    }
}
