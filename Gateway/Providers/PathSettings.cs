using Gateway.Mail.Addresses;
using Microsoft.Extensions.Configuration;

namespace Gateway.Providers;

/// <summary>
/// What every path's settings say beside the account itself. The door that stores them and the worker that uses them
/// read them here, so what is stored can be used.
/// </summary>
/// <param name="Concurrency">Sends of one worker on their way at once.</param>
/// <param name="Limits">Null without bound.</param>
/// <param name="Canary">Between whom its canary flies; null where none does.</param>
public sealed record PathSettings(int Concurrency, PathLimits? Limits, (EmailAddress From, EmailAddress To)? Canary)
{
    public const int DefaultConcurrency = 32;
    public const int MostConcurrency = 1_000;

    /// <param name="settings">All settings of the path.</param>
    /// <param name="problems">Told of all that cannot be used; what then returns is not to be used either.</param>
    public static PathSettings Read(IConfiguration settings, ICollection<SettingProblem> problems) =>
        new(
            (int)(PathNumber.Read(settings, "", "Concurrency", 1, MostConcurrency, problems) ?? DefaultConcurrency),
            PathLimits.Read(settings, problems),
            ReadCanary(settings, problems)
        );

    private static (EmailAddress From, EmailAddress To)? ReadCanary(
        IConfiguration settings,
        ICollection<SettingProblem> problems
    )
    {
        if (settings["CanaryFrom"] is null && settings["CanaryTo"] is null)
        {
            return null;
        }

        var (from, to) = (Address("CanaryFrom"), Address("CanaryTo"));
        return from is null || to is null ? null : (from, to);

        EmailAddress? Address(string name)
        {
            if (EmailAddress.TryParse(settings[name] ?? "", out var address, out _))
            {
                return address;
            }

            problems.Add(
                new SettingProblem(name, settings[name] ?? "", "an address; CanaryFrom and CanaryTo belong together")
            );
            return null;
        }
    }
}
