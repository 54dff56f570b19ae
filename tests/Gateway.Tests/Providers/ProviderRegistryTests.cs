using Gateway.Net;
using Gateway.Providers;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Gateway.Tests.Providers;

public sealed class ProviderRegistryTests : IAsyncLifetime
{
    private readonly NpgsqlDataSource ledger = NpgsqlDataSource.Create("Host=nowhere.invalid");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ledger.DisposeAsync();

    [Theory]
    [InlineData("sandbox", MailForm.Raw, PathSigner.Us, PathEvents.None, false)]
    [InlineData("smtp", MailForm.Raw, PathSigner.Us, PathEvents.Bounces, false)]
    [InlineData("sendgrid", MailForm.Parts, PathSigner.Provider, PathEvents.Full, false)]
    [InlineData("mailgun", MailForm.Raw, PathSigner.Provider, PathEvents.Full, true)]
    public async Task Each_kind_is_made_from_its_settings(
        string kind,
        MailForm form,
        PathSigner signs,
        PathEvents events,
        bool looksUp
    )
    {
        var (made, problems) = Create(("Provider", kind), ("Host", "relay.example"), ("ApiKey", "k"));
        Assert.Empty(problems);
        await using var provider = made!;
        var can = provider.Capabilities;
        Assert.Equal((form, signs, events, looksUp), (can.Form, can.Signs, can.Events, can.Lookup));
        Assert.Null(can.WhyNot(MailNeeds.Raw | MailNeeds.IndependentEnvelope, 1_000));
    }

    [Theory]
    [InlineData("sendgrid", "ApiKey is empty; it must be a SendGrid API key")]
    [InlineData("mailgun", "ApiKey is empty; it must be a Mailgun API key or a domain sending key")]
    [InlineData("smtp", "Host is empty; it must be the name or address of the relay")]
    public void What_is_missing_is_named(string kind, string problem)
    {
        var (made, problems) = Create(("Provider", kind));
        Assert.Null(made);
        Assert.Contains("Gateway:Paths:main:" + problem, problems);
    }

    [Theory]
    [InlineData("sendgrid", "BaseUrl", "http://api.example", "the key would go in clear")]
    [InlineData("sendgrid", "BaseUrl", "https://api.example/v3", "without a path")]
    [InlineData("sendgrid", "Timeout", "00:10:00", "Timeout is 00:10:00")]
    [InlineData("sendgrid", "Timeout", "soon", "Timeout")]
    [InlineData("sendgrid", "MaxConnections", "0", "MaxConnections is 0")]
    [InlineData("sendgrid", "CertificateSha256", "abc", "CertificateSha256 is 'abc'")]
    [InlineData("sendgrid", "SmtpPort", "0", "SmtpPort is 0")]
    [InlineData("mailgun", "Domain", "a/b", "Domain is 'a/b'")]
    [InlineData("mailgun", "Domain", "a%2Fb.example", "Domain is")]
    [InlineData("mailgun", "Transport", "Smtp", "SmtpUser and SmtpSecret are needed")]
    [InlineData("mailgun", "Region", "Mars", "Region")]
    public void A_wrong_setting_is_named_with_its_value(string kind, string name, string value, string problem)
    {
        var (made, problems) = Create(("Provider", kind), ("ApiKey", "k"), (name, value));
        Assert.Null(made);
        Assert.Contains(problems, p => p.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_secret_stands_in_no_problem()
    {
        var (_, problems) = Create(
            ("Provider", "sendgrid"),
            ("ApiKey", "SG.very secret"),
            ("Timeout", "x"),
            ("BaseUrl", "x")
        );
        var (_, more) = Create(
            ("Provider", "mailgun"),
            ("ApiKey", "very secret"),
            ("SmtpSecret", "very secret"),
            ("Domain", "x")
        );
        Assert.NotEmpty(problems.Concat(more));
        Assert.All(
            problems.Concat(more),
            p => Assert.DoesNotContain("secret\u0020", p + " ", StringComparison.Ordinal)
        );
        Assert.All(problems.Concat(more), p => Assert.DoesNotContain("very", p, StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_kind_is_told_the_known_ones()
    {
        var (made, problems) = Create(("Provider", "carrier pigeon"));
        Assert.Null(made);
        Assert.Equal(
            "Gateway:Paths:main:Provider is 'carrier pigeon'; it must be mailgun, postmark, sandbox, sendgrid, ses, smtp",
            Assert.Single(problems)
        );
    }

    [Fact]
    public async Task A_tenants_own_account_reaches_nothing_inside()
    {
        var services = new ProviderServices(
            ledger,
            TimeProvider.System,
            AddressPolicy.PublicOnly(AddressPolicy.MailPorts)
        );
        foreach (
            var (kind, host) in ((string, string)[])[("smtp", "Host"), ("sendgrid", "SmtpHost"), ("mailgun", "BaseUrl")]
        )
        {
            var (made, problems) = Create(
                services,
                ("Provider", kind),
                ("ApiKey", "k"),
                (host, host == "BaseUrl" ? "https://127.0.0.1" : "127.0.0.1"),
                ("Port", "587")
            );
            Assert.Empty(problems);
            await using var provider = made!;
            var result = await provider.SendAsync(TestMail.Of(needs: MailNeeds.Raw), default);
            Assert.Equal(Gateway.Mail.Outcome.PathDown, result.Outcome);
            Assert.Contains("its address is not public", result.Reply, StringComparison.Ordinal);
        }
    }

    private (IProvider? Made, List<string> Problems) Create(params (string Name, string Value)[] settings) =>
        Create(new ProviderServices(ledger, TimeProvider.System, AddressPolicy.Anywhere), settings);

    private static (IProvider? Made, List<string> Problems) Create(
        ProviderServices services,
        params (string Name, string Value)[] settings
    )
    {
        var problems = new List<string>();
        var section = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)))
            .Build();
        return (ProviderRegistry.Create("Gateway:Paths:main", section, services, problems), problems);
    }
}
