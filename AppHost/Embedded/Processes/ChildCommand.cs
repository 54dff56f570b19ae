namespace AppHost.Embedded.Processes;

/// <summary>What to start, and how it lives and dies with us.</summary>
internal sealed record ChildCommand(string Name, string Program, IReadOnlyList<string> Arguments)
{
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public required string WorkingFolder { get; init; }

    /// <summary>Null: our own user.</summary>
    public ServerAccount? Account { get; init; }

    /// <summary>What the kernel sends the child when we die without a word.</summary>
    public Signal OnParentDeath { get; init; } = Signal.Kill;

    /// <summary>Given to the child's standard input, which is then closed.</summary>
    public string Input { get; init; } = "";

    public Action<string> Output { get; init; } = static _ => { };

    /// <summary>
    /// setsid: a session of its own, so that the terminal's Ctrl-C reaches only us and we stop things in order.
    /// setpriv sets the death signal after it changed the user (the kernel clears it on such a change) and then
    /// becomes the program, so the pid is the program's.
    /// </summary>
    public IEnumerable<string> Launcher()
    {
        string[] account = Account is { } a ? [$"--reuid={a.User}", $"--regid={a.Group}", "--init-groups"] : [];
        return ["setpriv", .. account, "--pdeathsig", DeathSignal(OnParentDeath), "--", Program, .. Arguments];
    }

    private static string DeathSignal(Signal signal) =>
        signal switch
        {
            Signal.Interrupt => "INT",
            Signal.Quit => "QUIT",
            Signal.Terminate => "TERM",
            _ => "KILL",
        };
}
