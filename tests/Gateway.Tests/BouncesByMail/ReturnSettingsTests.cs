using System.Net;
using Gateway.ReturnMail;
using Gateway.Secrets;
using Gateway.Tests.Auth;
using Gateway.Webhooks.Mail;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.BouncesByMail;

public sealed class ReturnSettingsTests
{
    [Theory]
    [InlineData("Gateway:PublicUrl", "http://mail.example", "https")]
    [InlineData("Gateway:PublicUrl", "mail.example", "https")]
    [InlineData("Gateway:PublicUrl", "https://mail.example/?a=b", "without query")]
    [InlineData("Gateway:PublicUrl", "https://user@mail.example/", "https")]
    [InlineData("Gateway:BounceDomain", "not a domain", "a domain")]
    [InlineData("Gateway:BounceDomain", "[192.0.2.1]", "a domain")]
    public void A_setting_that_makes_no_sense_stops_the_start_and_is_named(string name, string value, string accepted)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Read(isDevelopment: false, (name, value)));
        Assert.StartsWith($"{name} is '{value}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(accepted, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_in_development_are_links_to_the_host_itself_made()
    {
        (string, string) told = ("services:webhooks:http:0", "http://127.0.0.1:8081");
        Assert.Equal("http://127.0.0.1:8081/", Read(isDevelopment: true, told).PublicUrl?.AbsoluteUri);
        Assert.Null(Read(isDevelopment: false, told).PublicUrl);
        Assert.Equal(
            "https://m.example/x/",
            Read(isDevelopment: false, told, ("Gateway:PublicUrl", "https://m.example/x")).PublicUrl?.AbsoluteUri
        );
        Assert.Equal(
            "xn--bcher-kva.example",
            Read(isDevelopment: false, ("Gateway:BounceDomain", "Bücher.example")).BounceDomain
        );
    }

    [Fact]
    public void A_port_needs_a_domain_and_all_that_is_wrong_is_told_at_once()
    {
        Assert.Single(new InboundMailOptions { Port = 25 }.Problems(bounceDomain: null));
        Assert.Empty(new InboundMailOptions { Port = 25 }.Problems("bounces.example"));
        var wrong = new InboundMailOptions
        {
            Port = 70_000,
            Bind = "here",
            CertificateFile = "a.pem",
            KeptBytes = 0,
        };
        Assert.Equal(4, wrong.Problems("bounces.example").Count());
    }

    [Fact]
    public void A_network_has_so_many_mails_a_minute_and_others_have_their_own()
    {
        var clock = new TestClock();
        var rates = new AddressRates(2, clock);
        var (one, same, other) = (
            IPAddress.Parse("2001:db8::1"),
            IPAddress.Parse("2001:db8::ffff:1"),
            IPAddress.Parse("2001:db8:0:1::1")
        );
        Assert.True(rates.TryCount(one));
        Assert.True(rates.TryCount(same));
        Assert.False(rates.TryCount(one));
        Assert.True(rates.TryCount(other));
        Assert.True(rates.TryCount(null));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(rates.TryCount(one));
    }

    [Fact]
    public void An_address_of_another_installation_is_not_ours()
    {
        var ours = new ReturnAddresses(KeyRing.Generate(), "bounces.example");
        var theirs = new ReturnAddresses(KeyRing.Generate(), "bounces.example");
        var address = theirs.Bounce(Guid.NewGuid(), 3);
        var at = address.IndexOf('@', StringComparison.Ordinal);
        Assert.NotNull(theirs.Read(address.AsSpan(0, at), "BOUNCES.example"));
        Assert.Null(ours.Read(address.AsSpan(0, at), "bounces.example"));
        Assert.Null(theirs.Read(address.AsSpan(0, at), "bounces.example.net"));
    }

    private static ReturnMailOptions Read(bool isDevelopment, params (string Name, string Value)[] settings) =>
        ReturnMailOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Name, s.Value)))
                .Build(),
            isDevelopment
        );
}
