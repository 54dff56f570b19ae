using System.Collections.Concurrent;

namespace AppHost.Embedded.Processes;

/// <summary>
/// The one thread that starts children. Linux sends a parent-death signal when the *thread* that forked the child
/// ends, not the process (prctl(2), PR_SET_PDEATHSIG), and threads of the pool come and go; so every child starts
/// here, on a thread that lives as long as the process.
/// </summary>
internal static class LaunchThread
{
    private static readonly BlockingCollection<Action> Work = [];

    static LaunchThread()
    {
        var thread = new Thread(Loop) { IsBackground = true, Name = "launcher of children" };
        thread.Start();
    }

    public static Task<T> RunAsync<T>(Func<T> start)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                result.SetResult(start());
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        });
        return result.Task;
    }

    private static void Loop()
    {
        foreach (var start in Work.GetConsumingEnumerable())
        {
            start();
        }
    }
}
