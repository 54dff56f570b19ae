using AppHost.Embedded.Processes;

namespace AppHost.Embedded.Running;

/// <summary>What every resource needs to run.</summary>
/// <param name="Folder">The gateway's folder: data, secrets, pid files.</param>
/// <param name="Run">The pid files.</param>
/// <param name="Log">The sink of a resource's output, by the resource's name.</param>
internal sealed record RunContext(string Folder, RunFolder Run, Func<string, Action<string>> Log);
