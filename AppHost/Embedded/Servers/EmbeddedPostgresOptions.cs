namespace AppHost.Embedded.Servers;

/// <summary>How a private PostgreSQL is kept.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>Holds password and pid file, and the data too where the server's user can reach it.</summary>
    public required string Folder { get; init; }

    /// <summary>The wanted loopback port; 0, or one already taken, means any free one.</summary>
    public int Port { get; init; }

    /// <summary>False trades the data's safety against a crash of the machine for speed: tests only.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Server settings on top of the defaults, by name as in postgresql.conf.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Given the server's log, line by line, and what set-up does.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}
