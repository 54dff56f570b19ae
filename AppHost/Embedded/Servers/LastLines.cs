namespace AppHost.Embedded.Servers;

/// <summary>Remembers the last lines of a server's log, for the error that tells why it did not start.</summary>
internal sealed class LastLines
{
    private const int Kept = 20;
    private readonly Queue<string> lines = new(Kept);

    /// <summary>A sink that remembers each line and passes it on.</summary>
    public Action<string> Tee(Action<string> next) =>
        line =>
        {
            lock (lines)
            {
                if (lines.Count == Kept)
                {
                    lines.Dequeue();
                }

                lines.Enqueue(line);
            }

            next(line);
        };

    /// <summary>Another took the port between our look and the server's bind.</summary>
    public bool TellOfTakenPort
    {
        get
        {
            lock (lines)
            {
                return lines.Any(line => line.Contains("Address already in use", StringComparison.Ordinal));
            }
        }
    }

    public override string ToString()
    {
        lock (lines)
        {
            return string.Join('\n', lines);
        }
    }
}
