using System.Globalization;

namespace AppHost.Embedded.Processes;

/// <summary>
/// The user that the private servers run as when we are root: PostgreSQL refuses root. Everybody else runs them as
/// himself, and <see cref="Current"/> is null.
/// </summary>
internal sealed record ServerAccount(string Name, uint User, uint Group)
{
    private static readonly string[] Preferred = ["postgres", "nobody"];

    public static ServerAccount? Current { get; } = Environment.IsPrivilegedProcess ? Find() : null;

    /// <summary>Gives one file or folder to the account.</summary>
    public void Own(string path) => Libc.ChangeOwner(path, User, Group);

    /// <summary>
    /// Whether the account can walk down to <paramref name="folder"/>: every folder on the way lets others through.
    /// A clone under root's home fails here.
    /// </summary>
    public bool CanReach(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (at.Exists && !at.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        return true;
    }

    private static ServerAccount Find()
    {
        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(f => f.Length >= 4).ToList();
        foreach (var name in Preferred)
        {
            if (known.Find(fields => fields[0] == name) is { } fields)
            {
                return new ServerAccount(name, Number(fields[2]), Number(fields[3]));
            }
        }

        throw new SetupException("PostgreSQL does not run as root, and there is neither a user postgres nor nobody.");
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
