using System.ComponentModel;
using System.Runtime.InteropServices;

namespace AppHost.Embedded.Processes;

/// <summary>The two calls of the C library that .NET does not offer: signals other than SIGKILL, and file owners.</summary>
internal static class Libc
{
    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal to a process, or to a whole process group if <paramref name="pid"/> is negative.</summary>
    /// <returns>False if there is no such process any more.</returns>
    public static bool Signal(int pid, Signal signal)
    {
        if (kill(pid, (int)signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error, $"kill({pid}, {signal})");
    }

    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (chown(path, user, group) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"chown({path}, {user}:{group})");
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int chown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint user, uint group);
}

/// <summary>Signals by their Linux numbers. PostgreSQL reads INT as "fast", QUIT as "immediate" shutdown.</summary>
internal enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
}
