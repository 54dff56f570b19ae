using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Gateway.Providers;

/// <summary>One whole number among a path's settings.</summary>
internal static class PathNumber
{
    /// <summary>Null where it is absent or cannot be used.</summary>
    public static long? Read(
        IConfiguration settings,
        string at,
        string name,
        long least,
        long most,
        ICollection<SettingProblem> problems
    )
    {
        if (settings[name] is not { } text)
        {
            return null;
        }

        if (
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
        )
        {
            return number;
        }

        var accepted = string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");
        problems.Add(new SettingProblem(at + name, text, accepted));
        return null;
    }
}
