using System.Diagnostics;
using System.Globalization;

namespace SystemTests.Installed;

/// <summary>
/// A library that a process loads before libc and that tells it a time which is wrong by so many seconds: what a machine
/// has whose clock nobody sets. Steady clocks stay as they are. Compiled where it is needed; null where no compiler is.
/// </summary>
internal sealed class WrongClock
{
    private const string Seconds = "GATEWAY_TEST_CLOCK_SECONDS";

    private const string Source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>

        static long wrong_by(void)
        {
            static long seconds, known;
            if (!known) {
                const char *text = getenv("GATEWAY_TEST_CLOCK_SECONDS");
                seconds = text ? atol(text) : 0;
                known = 1;
            }
            return seconds;
        }

        int clock_gettime(clockid_t id, struct timespec *at)
        {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
            int failed = real(id, at);
            if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += wrong_by();
            return failed;
        }

        int gettimeofday(struct timeval *restrict at, void *restrict zone)
        {
            struct timespec now;
            (void)zone;
            if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
            at->tv_sec = now.tv_sec;
            at->tv_usec = now.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *at)
        {
            struct timespec now;
            if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
            if (at) *at = now.tv_sec;
            return now.tv_sec;
        }
        """;

    private readonly string library;

    private WrongClock(string library) => this.library = library;

    /// <summary>Compiles it into a folder that the caller removes.</summary>
    public static async Task<WrongClock?> CompileAsync(string folder)
    {
        var (source, library) = (Path.Combine(folder, "clock.c"), Path.Combine(folder, "clock.so"));
        await File.WriteAllTextAsync(source, Source);
        try
        {
            using var compiler = Process.Start(
                new ProcessStartInfo("cc", ["-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"])
                {
                    UseShellExecute = false,
                }
            )!;
            await compiler.WaitForExitAsync();
            return compiler.ExitCode == 0 ? new WrongClock(library) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>The environment of a process whose clock is wrong by so much.</summary>
    public Dictionary<string, string?> By(TimeSpan wrong) =>
        new()
        {
            ["LD_PRELOAD"] = library,
            [Seconds] = ((long)wrong.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>How wrong a host's own clock is, by the Date of its answers.</summary>
    public static async Task<TimeSpan> OfAsync(HostSlot host)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(host.Address, "/alive"));
        return answer.Headers.Date!.Value - DateTimeOffset.UtcNow;
    }
}
