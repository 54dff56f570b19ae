using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Mail.Tests;
using Gateway.Subscriptions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Tenancy;

namespace Gateway.Tests.Subscriptions;

/// <summary>RELIABILITY section 6: exactly the bytes of the vectors are signed, and others verify what we sign.</summary>
public sealed class SignatureTests(TestCluster cluster)
{
    [Fact]
    public void The_vector_of_the_specifications_own_libraries_comes_out()
    {
        var vector = JsonElement
            .Parse(File.ReadAllText(Path.Combine(Corpora.Path("esp-webhooks"), "signature-vectors.json")))
            .GetProperty("standard_webhooks_v1");
        Assert.Equal(
            vector.GetProperty("webhook-signature").GetString(),
            StandardSignature.Of(
                [WebhookSecret.FromText(vector.GetProperty("secret").GetString()!)],
                vector.GetProperty("webhook-id").GetString()!,
                long.Parse(vector.GetProperty("webhook-timestamp").GetString()!, null),
                Encoding.UTF8.GetBytes(vector.GetProperty("payload").GetString()!)
            )
        );
    }

    [Fact]
    public void A_secret_of_24_bytes_signs_by_its_decoded_bytes() =>
        Assert.Equal(
            "v1,UhsXt3rIg7otUR9Dg3skYJiNNM0Q+7vo2eUOD8kHWdg=",
            StandardSignature.Of(
                [WebhookSecret.FromText("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")],
                "msg_0001",
                1_767_225_600,
                """{"type":"message.delivered","timestamp":"2026-01-01T00:00:00Z","data":{"id":"m_1"}}"""u8
            )
        );

    [Fact]
    public void Two_secrets_give_two_signatures_parted_by_a_space()
    {
        byte[][] secrets = [WebhookSecret.Generate(), WebhookSecret.Generate()];
        var both = StandardSignature.Of(secrets, "a", 1, "{}"u8);
        Assert.Equal(
            $"{StandardSignature.Of([secrets[0]], "a", 1, "{}"u8)} {StandardSignature.Of([secrets[1]], "a", 1, "{}"u8)}",
            both
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_*")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")]
    public void What_is_no_secret_is_refused(string text) =>
        Assert.Throws<FormatException>(() => WebhookSecret.FromText(text));

    [Fact]
    public void A_sealed_secret_opens_for_its_own_subscription_only()
    {
        var (tenant, id, secret) = (Guid.NewGuid(), Guid.NewGuid(), WebhookSecret.Generate());
        var sealedSecret = TestKeys.Master.Seal(secret, WebhookSecret.Place(tenant, id));
        Assert.Equal(secret, TestKeys.Master.Open(sealedSecret, WebhookSecret.Place(tenant, id)));
        Assert.ThrowsAny<CryptographicException>(() =>
            TestKeys.Master.Open(sealedSecret, WebhookSecret.Place(tenant, Guid.NewGuid()))
        );
    }

    [Fact]
    public async Task The_reference_library_verifies_what_an_endpoint_gets_and_nothing_else()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var host = await SubscriptionHost.StartAsync(cluster);
        using var subscriber = await host.SubscribeAsync(receiver.Url());
        await using var sender = await WebhookSender.StartAsync(host.Ledger);
        await SendingTests.AppendAsync(
            host.Ledger,
            subscriber.Tenant,
            "limit.reached",
            """{"text": "Grüße \ud83d\ude00 </script>", "n": 1.50}"""
        );
        await SendingTests.UntilAsync(receiver, 1);
        var rotated = await subscriber.Client.PostJsonAsync($"{subscriber.Path}/rotate", null).Expect(200);
        await SendingTests.TestAsync(subscriber);
        await SendingTests.UntilAsync(receiver, 2);
        var (first, second) = (receiver.Calls[0], receiver.Calls[^1]);
        var (old, fresh, foreign) = (
            subscriber.Secret,
            rotated["secret"]!,
            WebhookSecret.ToText(WebhookSecret.Generate())
        );

        List<SignedRequest> good = [Of(first, old), Of(second, old), Of(second, fresh)];
        List<SignedRequest> bad = [Of(first, foreign), Of(first, fresh)];
        foreach (var header in (string[])["webhook-id", "webhook-timestamp", "webhook-signature"])
        {
            bad.Add(Of(first, old, (header, null)));
        }

        var timestamp = long.Parse(first.Headers["webhook-timestamp"], null);
        bad.Add(Of(first, old, ("webhook-id", first.Id[..^1] + (first.Id[^1] == '0' ? '1' : '0'))));
        bad.Add(Of(first, old, ("webhook-timestamp", $"{timestamp + 1}")));
        bad.Add(Of(first, old, ("webhook-timestamp", $"{timestamp - 3_600}")));
        for (var at = 0; at < first.Body.Length; at++)
        {
            var altered = (byte[])first.Body.Clone();
            altered[at] ^= 1;
            bad.Add(Of(first, old) with { Body = altered });
        }

        var said = await ReferenceLibrary.VerifyAsync([.. good, .. bad]);
        Assert.Equal(good.Count + bad.Count, said.Length);
        Assert.All(said[..good.Count], word => Assert.Equal("valid", word));
        Assert.All(said[good.Count..], word => Assert.Equal("WebhookVerificationError", word));
    }

    private static SignedRequest Of(Call call, string secret, (string Name, string? Value)? change = null)
    {
        var headers = call
            .Headers.Where(h => h.Key.StartsWith("webhook-", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value);
        switch (change)
        {
            case (var name, null):
                headers.Remove(name);
                break;
            case var (name, value):
                headers[name] = value!;
                break;
        }

        return new SignedRequest(secret, headers, call.Body);
    }
}
