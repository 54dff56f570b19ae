namespace AppHost.Embedded.Running;

/// <summary>All output on one console, each line under its resource's name: <c>api      | …</c>.</summary>
internal sealed class PrefixedConsole(TextWriter output, bool colour)
{
    private const int Width = 9;
    private static readonly int[] Colours = [36, 33, 32, 35, 34, 96, 93, 92];
    private readonly Lock gate = new();
    private readonly List<string> seen = [];

    public static PrefixedConsole OfProcess() =>
        // no-color.org: any value of NO_COLOR means none.
        new(Console.Out, !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null);

    public Action<string> For(string name)
    {
        int number;
        lock (gate)
        {
            if (!seen.Contains(name))
            {
                seen.Add(name);
            }

            number = seen.IndexOf(name);
        }

        var prefix = name.PadRight(Width) + "| ";
        if (colour)
        {
            prefix = $"\e[{Colours[number % Colours.Length]}m{prefix}\e[0m";
        }

        return line =>
        {
            lock (gate)
            {
                output.WriteLine(prefix + line);
            }
        };
    }
}
