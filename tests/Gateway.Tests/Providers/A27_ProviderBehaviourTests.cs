using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Mail.Smtp;
using Gateway.Net;
using Gateway.Providers;
using Gateway.Providers.Http;
using ProviderEmulators;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;
using ProviderEmulators.Smtp;

namespace Gateway.Tests.Providers;

/// <summary>
/// RELIABILITY A27: each behaviour of the table at each provider, through the adapter, over real sockets with TLS. The
/// outcome is the table's, and what the provider has afterwards is what the outcome says.
/// </summary>
public sealed class A27_ProviderBehaviourTests
{
    private const string Secrets = SendGridEmulator.ApiKey + "|" + MailgunEmulator.ApiKey + "|" + RelayEmulator.Secret;
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ShortConnect = TimeSpan.FromSeconds(2);

    [Fact]
    public void There_are_at_least_60_behaviours() => Assert.True(Behaviour.ReadAll().Count >= 60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task SendGrid_behaves_as_the_table_says(bool http2) =>
        PlayAllAsync(
            b => b.SendGrid,
            () => SendGridEmulator.StartAsync(new EmulatorPorts { Http2 = http2 }),
            CreateSendGrid
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Mailgun_behaves_as_the_table_says(bool http2) =>
        PlayAllAsync(
            b => b.Mailgun,
            () => MailgunEmulator.StartAsync(new EmulatorPorts { Http2 = http2 }),
            CreateMailgun
        );

    [Fact]
    public Task A_relay_behaves_as_the_table_says() =>
        PlayAllAsync(b => b.Smtp, () => Task.FromResult(new RelayEmulator(new EmulatorPorts())), CreateRelay);

    private static async Task PlayAllAsync<TEmulator>(
        Func<Behaviour, BehaviourAt> at,
        Func<Task<TEmulator>> start,
        Func<TEmulator, Behaviour, IProvider> create
    )
        where TEmulator : EmulatedProvider
    {
        var deviations = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            // Those that wait, first: they cost no time of the processor.
            Behaviour.ReadAll().OrderByDescending(b => b.Hangs),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (behaviour, _) =>
            {
                await using var emulator = await start();
                if (await PlayAsync(behaviour, at(behaviour), emulator, create) is { } deviation)
                {
                    deviations.Add($"{behaviour.Name}: {deviation}");
                }
            }
        );
        Assert.True(deviations.IsEmpty, string.Join('\n', deviations));
    }

    private static async Task<string?> PlayAsync<TEmulator>(
        Behaviour behaviour,
        BehaviourAt expected,
        TEmulator emulator,
        Func<TEmulator, Behaviour, IProvider> create
    )
        where TEmulator : EmulatedProvider
    {
        if (expected.Played is { } fault)
        {
            emulator.Faults.Add(fault);
        }

        if (behaviour.Suppressed)
        {
            emulator.Store.Suppress(TestMail.Recipient);
        }

        if (behaviour.Client == "unverified")
        {
            emulator.VerifiedDomains.Add("other.example");
        }

        var message = Guid.NewGuid();
        var body = string.Concat(Enumerable.Repeat(new string('b', 78) + "\r\n", behaviour.Size / 80)) + "end\r\n";
        await using var provider = create(emulator, behaviour);
        SendResult? result = null;
        for (var i = 0; i < behaviour.Sends; i++)
        {
            var mail = TestMail.Of(body: body, messageId: behaviour.SameMessage ? message : null);
            result = await provider.SendAsync(mail, CancellationToken.None);
        }

        return Deviation(expected, result!, emulator.Store.Mails.Count);
    }

    private static string? Deviation(BehaviourAt expected, SendResult result, int kept)
    {
        var said = result.Reply.Length > 200 ? result.Reply[..200] : result.Reply;
        var saw = $"{result.Outcome} {result.Scope} at {result.Phase} '{said}' in {result.RetryAfter}, kept {kept}";
        var isSame =
            expected.Outcome.Split('|').Contains(result.Outcome.ToString())
            && expected.Scope.Split('|').Contains(result.Scope.ToString())
            && kept == expected.Kept
            && result.RetryAfter is null == expected.RetryAfter is null
            && Math.Abs((result.RetryAfter?.TotalSeconds ?? 0) - (expected.RetryAfter ?? 0)) <= 2
            && Secrets.Split('|').All(s => !result.Reply.Contains(s, StringComparison.Ordinal))
            && result.Reply.Length <= 5_000;
        return isSame
            ? null
            : $"{saw}; expected {expected.Outcome} {expected.Scope} in {expected.RetryAfter}, kept {expected.Kept}";
    }

    private static IProvider CreateSendGrid(SendGridEmulator emulator, Behaviour behaviour)
    {
        var options = TestAccounts.Options(emulator);
        var (host, port) = Place(behaviour, emulator.Api!.Port);
        options.BaseUrl = $"https://{host}:{port}";
        options.ApiKey = behaviour.Client == "wrongkey" ? "SG.wrong" : options.ApiKey;
        Shorten(options, behaviour);
        options.CertificateSha256 = Pin(behaviour);
        return TestAccounts.Create(options, Connector(behaviour, port));
    }

    private static IProvider CreateMailgun(MailgunEmulator emulator, Behaviour behaviour)
    {
        var options = TestAccounts.Options(emulator);
        var (host, port) = Place(behaviour, emulator.Api!.Port);
        options.BaseUrl = $"https://{host}:{port}";
        options.ApiKey = behaviour.Client == "wrongkey" ? "key-wrong" : options.ApiKey;
        Shorten(options, behaviour);
        options.CertificateSha256 = Pin(behaviour);
        return TestAccounts.Create(options, Connector(behaviour, port));
    }

    private static IProvider CreateRelay(RelayEmulator emulator, Behaviour behaviour)
    {
        var options = TestAccounts.Options(emulator);
        var (host, port) = Place(behaviour, emulator.SmtpPort);
        (options.Host, options.Port) = (host, port);
        options.Secret = behaviour.Client == "wrongkey" ? "wrong" : options.Secret;
        options.Timeouts = behaviour.Hangs ? SmtpTimeouts.All(ShortTimeout) : options.Timeouts;
        options.CertificateSha256 = Pin(behaviour);
        return TestAccounts.Create(options, Connector(behaviour, port));
    }

    private static void Shorten(HttpAccountOptions options, Behaviour behaviour)
    {
        if (behaviour.Hangs)
        {
            (options.Timeout, options.ConnectTimeout) = (ShortTimeout, ShortConnect);
        }
    }

    private static (string Host, int Port) Place(Behaviour behaviour, int port) =>
        behaviour.Client switch
        {
            "nxdomain" or "noaddress" or "private" => ("provider.example", port),
            // Reserved for a service that is nowhere (RFC 1078).
            "closedport" => ("127.0.0.1", 1),
            _ => ("127.0.0.1", port),
        };

    private static string? Pin(Behaviour behaviour) =>
        behaviour.Client switch
        {
            "wrongpin" => new string('0', 64),
            "nopin" => null,
            _ => EmulatorCertificate.Sha256,
        };

    private static GuardedConnector Connector(Behaviour behaviour, int port) =>
        behaviour.Client switch
        {
            "nxdomain" => new(
                AddressPolicy.Anywhere,
                (_, _) => throw new SocketException((int)SocketError.HostNotFound)
            ),
            "noaddress" => new(AddressPolicy.Anywhere, TestAccounts.Resolving()),
            "private" => new(AddressPolicy.PublicOnly([port]), TestAccounts.Resolving(IPAddress.Loopback)),
            _ => TestAccounts.Anywhere,
        };
}
