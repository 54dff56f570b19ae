using System.Globalization;
using AppHost.Embedded.Servers;
using SystemTests.Failover;

namespace SystemTests.Incidents;

/// <summary>
/// One product for all incidents in their small form: each has paths and tenants of its own, so that none sees another.
/// </summary>
public sealed class SharedStage : IAsyncLifetime
{
    /// <summary>Of the path that hangs.</summary>
    public static readonly TimeSpan HangTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Nobody listens there; TLS is asked of who has none; the name is nobody's.</summary>
    public static readonly string[] NeverWell = ["gone", "no-tls", "no-dns"];

    private static readonly string[] Relays =
    [
        "own",
        "listed",
        "good",
        "denies",
        "unknown",
        "new-words",
        "content",
        "other",
    ];

    private static readonly string[] SendGrids = ["blocking", "changed", "well", "switched"];

    internal Stage Stage { get; } = new();

    internal StagePath this[string name] => Stage.Paths.Single(p => p.Name == name);

    public async ValueTask InitializeAsync()
    {
        foreach (var (kind, name, _) in FailoverTimeTests.Deaths)
        {
            _ = kind switch
            {
                "relay" => Stage.Relay(name),
                "sendgrid" => await Stage.SendGridAsync(name),
                _ => await Stage.MailgunAsync(name),
            };
        }

        foreach (var name in Relays)
        {
            Stage.Relay(name);
        }

        Stage.Relay("standby", ("Rate", "20"));
        Stage.Relay("capped", ("DailyCap", "10"));
        foreach (var name in SendGrids)
        {
            await Stage.SendGridAsync(name);
        }

        await Stage.MailgunAsync("refuge");
        await Stage.MailgunAsync("ended");
        var timeout = ("Timeout", HangTimeout.ToString("c", CultureInfo.InvariantCulture));
        await Stage.MailgunAsync("mute", timeout);
        await Stage.MailgunAsync("hangs", timeout);
        await Stage.BeginAsync(
            ["other"],
            workers: 1,
            ("Gateway__Paths__gone__Provider", "smtp"),
            ("Gateway__Paths__gone__Host", "127.0.0.1"),
            ("Gateway__Paths__gone__Port", $"{LoopbackPort.Choose()}"),
            ("Gateway__Paths__gone__Tls", "None"),
            ("Gateway__Paths__no-tls__Provider", "smtp"),
            ("Gateway__Paths__no-tls__Host", "127.0.0.1"),
            ("Gateway__Paths__no-tls__Port", $"{this["other"].Provider.SmtpPort}"),
            ("Gateway__Paths__no-dns__Provider", "smtp"),
            ("Gateway__Paths__no-dns__Host", "mail.invalid"),
            ("Gateway__Paths__no-dns__Tls", "None")
        );
    }

    public ValueTask DisposeAsync() => Stage.DisposeAsync();
}

/// <summary>One incident after the other, and nothing beside them: they measure time.</summary>
[CollectionDefinition("incidents", DisableParallelization = true)]
public sealed class IncidentCollection : ICollectionFixture<SharedStage>;
