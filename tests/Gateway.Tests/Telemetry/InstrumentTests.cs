using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Gateway.Tests.AppHost;

namespace Gateway.Tests.Telemetry;

public sealed partial class InstrumentTests
{
    [Fact]
    public void Every_metric_has_a_help_text_and_a_unit()
    {
        var instruments = Instruments();

        Assert.NotEmpty(instruments);
        Assert.All(
            instruments,
            i =>
                Assert.True(
                    i.Description is [(>= 'A' and <= 'Z') or '1', .., '.'],
                    $"{i.Name}: help is '{i.Description}'"
                )
        );
        Assert.All(instruments, i => Assert.False(string.IsNullOrEmpty(i.Unit), $"{i.Name} has no unit"));
        Assert.Equal(instruments.Count, instruments.Select(i => i.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void The_operators_page_names_every_metric_with_its_unit_and_none_that_does_not_exist()
    {
        var documented = MetricRow()
            .Matches(File.ReadAllText(Page("operations.md")))
            .ToDictionary(m => m.Groups["name"].Value, m => m.Groups["unit"].Value, StringComparer.Ordinal);
        // Declared with the health of the host, beside the product.
        string[] ofTheHost = ["gateway.host.takes_work", "gateway.dependency.up"];

        Assert.Equal(
            Instruments().Select(i => (i.Name, i.Unit!)).Order(),
            documented.Where(d => !ofTheHost.Contains(d.Key)).Select(d => (d.Key, d.Value)).Order()
        );
        Assert.All(ofTheHost, name => Assert.Contains(name, documented.Keys));
    }

    [Fact]
    public void Every_alert_is_about_a_metric_that_exists_and_stands_on_the_operators_page()
    {
        var (page, rules) = (File.ReadAllText(Page("operations.md")), File.ReadAllText(Page("alerts.yml")));
        var known = MetricRow().Matches(page).Select(m => m.Groups["name"].Value.Replace('.', '_')).ToArray();

        var alerts = AlertName().Matches(rules).Select(m => m.Groups["name"].Value).ToArray();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, a => Assert.Contains($"| {a} |", page, StringComparison.Ordinal));
        Assert.All(
            MetricInRule().Matches(rules).Select(m => m.Value),
            used =>
                Assert.Contains(known, name => used == name || used.StartsWith(name + "_", StringComparison.Ordinal))
        );
    }

    private static List<Instrument> Instruments()
    {
        var found = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter == GatewayTelemetry.Meter)
            {
                found.Add(instrument);
            }
        };
        listener.Start();
        return found;
    }

    private static string Page(string name) => Path.Combine(RepositoryRoot.Path, "docs", name);

    [GeneratedRegex(@"^\| `(?<name>gateway\.[a-z._]+)` \| (?<unit>[^ |]*) ?\|", RegexOptions.Multiline, 1_000)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.None, 1_000)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"\bgateway_[a-z_]+", RegexOptions.None, 1_000)]
    private static partial Regex MetricInRule();
}
