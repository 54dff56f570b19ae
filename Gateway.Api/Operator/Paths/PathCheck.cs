using Gateway.Api.Problems;
using Gateway.Database;
using Gateway.Domains;
using Gateway.Net;
using Gateway.Providers;
using Gateway.Submissions;
using Npgsql;

namespace Gateway.Api.Operator.Paths;

/// <summary>
/// Whether a worker could use a described path: asked of the same code that it will use, so that nothing is stored that
/// only a log would complain of.
/// </summary>
internal sealed class PathCheck([FromKeyedServices(LedgerRole.Operator)] NpgsqlDataSource ledger, TimeProvider clock)
{
    private const string Settings = "settings";
    private const int MostTold = 10;

    /// <summary>Where a value belongs that does not belong among the settings; null where it does.</summary>
    public string? WhyElsewhere(string setting) =>
        LooksSecret(setting) ? "credentials stand in 'secret', where they are sealed"
        : setting.Equals("Provider", StringComparison.OrdinalIgnoreCase) ? "the field 'provider' beside 'settings'"
        : setting.Equals("Concurrency", StringComparison.OrdinalIgnoreCase)
            ? "the field 'concurrency' beside 'settings'"
        : null;

    /// <summary>What the worker would say when it makes the path of this description; null where it would use it.</summary>
    public ApiProblem? WhyNotUsable(
        string provider,
        IReadOnlyDictionary<string, string> settings,
        IReadOnlyDictionary<string, string>? secret,
        Guid? tenant
    )
    {
        var all = new ConfigurationBuilder()
            .AddInMemoryCollection(settings!)
            .AddInMemoryCollection((secret ?? new Dictionary<string, string>())!)
            .AddInMemoryCollection([new("Provider", provider)])
            .Build();
        var wrong = new List<SettingProblem>();
        _ = PathSettings.Read(all, wrong);
        var sentences = new List<string>();
        var addresses = tenant is null ? AddressPolicy.Anywhere : AddressPolicy.PublicOnly(AddressPolicy.MailPorts);
        // Made and left at once: it connects to nobody before it sends.
        var made = ProviderRegistry.Create(Settings, all, new ProviderServices(ledger, clock, addresses), sentences);
        _ = made?.DisposeAsync();
        wrong.AddRange(sentences.Select(s => Parts(s[(Settings.Length + 1)..])));
        _ = PathRecords.Read(Settings, all, problem => wrong.Add(Parts(problem)));
        return wrong.Count == 0 ? null : ApiProblem.Invalid([.. wrong.Take(MostTold).Select(Error)]);
    }

    private static SettingProblem Parts(string sentence) =>
        SettingProblem.Of(sentence) ?? new SettingProblem("", null, sentence);

    private static FieldError Error(SettingProblem problem)
    {
        var isSecret = LooksSecret(problem.Setting);
        var group = isSecret ? "secret" : Settings;
        return FieldError.Of(
            "not_accepted",
            problem.Setting.Length == 0 ? group : $"{group}.{problem.Setting}",
            isSecret ? null : problem.Value,
            problem.Accepted
        );
    }

    private static bool LooksSecret(string name) =>
        name.Contains("secret", StringComparison.OrdinalIgnoreCase)
        || name.Contains("password", StringComparison.OrdinalIgnoreCase)
        || (
            name.EndsWith("key", StringComparison.OrdinalIgnoreCase)
            && !name.EndsWith("PublicKey", StringComparison.OrdinalIgnoreCase)
        )
        || name.EndsWith("token", StringComparison.OrdinalIgnoreCase);
}
