using System.ComponentModel;
using System.Diagnostics;

namespace AppHost.Embedded.Processes;

/// <summary>One running child: its output line by line, its end, and an orderly stop.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan LastGrace = TimeSpan.FromSeconds(10);

    private readonly Process process;
    private readonly RunFolder run;
    private readonly string name;

    private ChildProcess(Process process, RunFolder run, string name)
    {
        this.process = process;
        this.run = run;
        this.name = name;
        Exited = WaitAsync();
    }

    /// <summary>Ends with the exit code (128 + n after signal n), once all output was read.</summary>
    public Task<int> Exited { get; }

    public int Pid => process.Id;

    public static async Task<ChildProcess> StartAsync(ChildCommand command, RunFolder run)
    {
        var started = new Process { StartInfo = StartInfo(command) };
        started.OutputDataReceived += (_, line) => Show(line.Data);
        started.ErrorDataReceived += (_, line) => Show(line.Data);
        try
        {
            await LaunchThread.RunAsync(started.Start);
        }
        catch (Win32Exception error)
        {
            started.Dispose();
            throw new SetupException(
                $"Cannot start {command.Name}: {error.Message}. The embedded mode needs Linux with setsid and setpriv "
                    + "(package util-linux); elsewhere use a container engine and -p:UseAspire=true.",
                error
            );
        }

        if (ProcessIdentity.Of(started.Id) is { } identity)
        {
            run.Record(command.Name, identity);
        }

        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        var child = new ChildProcess(started, run, command.Name);
        await child.GiveAsync(command.Input);
        return child;

        void Show(string? line)
        {
            if (line is not null)
            {
                command.Output(line);
            }
        }
    }

    /// <summary>Sends each signal in turn, waits its time, and kills the whole group if none was obeyed.</summary>
    public async Task StopAsync(params IEnumerable<(Signal Signal, TimeSpan Grace)> steps)
    {
        foreach (var (signal, grace) in steps)
        {
            if (Exited.IsCompleted)
            {
                return;
            }

            Libc.Signal(process.Id, signal);
            await Task.WhenAny(Exited, Task.Delay(grace));
        }

        if (!Exited.IsCompleted)
        {
            Libc.Signal(-process.Id, Signal.Kill);
            await Task.WhenAny(Exited, Task.Delay(LastGrace));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
    }

    private static ProcessStartInfo StartInfo(ChildCommand command)
    {
        var start = new ProcessStartInfo("setsid", command.Launcher())
        {
            UseShellExecute = false,
            WorkingDirectory = command.WorkingFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in command.Environment)
        {
            start.Environment[key] = value;
        }

        return start;
    }

    private async Task GiveAsync(string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read: its exit code and its output say why.
        }
    }

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync();
        run.Forget(name);
        return process.ExitCode;
    }
}
